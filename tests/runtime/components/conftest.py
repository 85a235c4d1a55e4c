"""What tests of components ask for: each case of the contract, and small models of the pretrained families."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from .contract_cases import CASES, NAMES, WORDS, Case

# Narrow modules keep the contract at seconds; the values matter to no promise here.
SMALL: dict[str, Any] = {
    "embedding_size": 6,
    "output_size": 5,
    "fc_output_size": 5,
    "state_size": 4,
    "num_filters": 3,
    "hidden_size": 8,
    "hyper_hidden_size": 5,
    "d_model": 8,
    "n_layers": 2,
    "attention_every_k": 2,
    "ffn_size": 6,
    "num_latents": 3,
    "latent_dim": 8,
    "num_attention_heads": 2,
    "num_heads": 2,
    "num_hash_buckets": 7,
    "transformer_output_size": 6,
    "intermediate_size": 12,
    "max_position_embeddings": 24,
    "dim": 8,
    "n_heads": 2,
    "hidden_dim": 12,
    "n_positions": 24,
    "n_embd": 8,
    "n_head": 2,
    "d_inner": 12,
    "d_kv": 4,
    "d_ff": 12,
    "attention_window": 4,
    "position_buckets": -1,
    "entity_1": ["size", "colour"],
    "entity_2": ["shape"],
}
BERTS = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12}
GPTS = {"n_embd": 8, "n_head": 2, "n_positions": 24, **dict.fromkeys(["resid_pdrop", "embd_pdrop", "attn_pdrop"], 0.0)}
T5S = {"d_model": 8, "d_kv": 4, "d_ff": 12, "num_heads": 2, "dropout_rate": 0.0, "num_decoder_layers": 1}
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, BERTS) for name in ("bert", "albert", "camembert", "electra", "roberta")},
    "xlmroberta": ("xlm-roberta", BERTS),
    "distilbert": (
        "distilbert",
        {"dim": 8, "n_heads": 2, "hidden_dim": 12, "dropout": 0.0, "attention_dropout": 0.0},
    ),
    "deberta": ("deberta-v2", {**BERTS, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "modernbert": ("modernbert", {**BERTS, "global_attn_every_n_layers": 2, "local_attention": 4}),
    "gpt": ("openai-gpt", GPTS),
    "gpt2": ("gpt2", GPTS),
    "xlnet": ("xlnet", {"d_model": 8, "n_head": 2, "d_inner": 12, "dropout": 0.0}),
    "t5": ("t5", T5S),
    "mt5": ("mt5", T5S),
    "longformer": ("longformer", {**BERTS, "attention_window": 4}),
}
"""By encoder: the library's name of the family, and what makes its models narrow."""


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return, by family, the folder of a small model of 2 layers with random weights; beside it is one of 3."""
    from transformers import AutoConfig, AutoModel

    parent = tmp_path_factory.mktemp("models")
    folders: dict[str, str] = {}
    for family, (model_type, narrow) in FAMILIES.items():
        for layers in (2, 3):
            torch.manual_seed(layers)
            config = AutoConfig.for_model(
                model_type,
                vocab_size=WORDS,
                embedding_size=8,
                num_hidden_layers=layers,
                **({} if model_type in {"xlnet", "gpt2", "openai-gpt"} else {"max_position_embeddings": 24}),
                pad_token_id=0,
                **narrow,
                **dict.fromkeys(["hidden_dropout_prob", "attention_probs_dropout_prob"], 0.0),
            )
            folders[family] = str(parent / f"{family}-2")
            AutoModel.from_config(config).save_pretrained(parent / f"{family}-{layers}")
    return folders


@pytest.fixture(params=CASES, ids=NAMES)
def case(request: pytest.FixtureRequest, tiny_models: dict[str, str]) -> Case:
    component, feature = request.param
    fields = component.parameters.model_fields
    base = {name: value for name, value in SMALL.items() if name in fields}
    if "pretrained_model_name_or_path" in fields:
        base["pretrained_model_name_or_path"] = tiny_models.get(component.name, tiny_models["bert"])
    if component.name == "projector":
        del base["output_size"]  # it can only be what the data have
    if component.name == "stacked_cnn":
        # The six layers of its own would leave one token of these few.
        base |= {"num_conv_layers": 2, "pool_size": 2}
    if component.name == "stacked_parallel_cnn":
        base |= {"num_stacked_layers": 2}
    if component.name == "longformer":
        # Its summary does not depend on what the other tokens of the last layer see.
        base |= {"reduce_output": "mean"}
    if component.name in FAMILIES:
        base |= {"use_pretrained": False, "num_hidden_layers": 2}
    return Case(component, feature, base)
