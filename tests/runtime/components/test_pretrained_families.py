"""The families of pretrained models by name: from scratch with Ludwig's sizes, and with settings changed in loading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from declml.components.encoders.auto_transformer import AUTO_TRANSFORMER
from declml.components.encoders.bert import BERT
from declml.components.encoders.deberta import DEBERTA
from declml.components.encoders.distilbert import DISTILBERT
from declml.components.encoders.longformer import LONGFORMER
from declml.components.encoders.modernbert import MODERNBERT
from declml.components.encoders.roberta import ROBERTA
from declml.components.encoders.t5 import T5
from declml.contracts import Member
from declml.errors import UserProblem
from declml_schema.declare import Component

FACTS = {"vocabulary_size": 11}
NARROW = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12, "num_hidden_layers": 1}
IDS = torch.tensor([[3, 1, 5, 2], [4, 4, 0, 0]])


def build(component: Component, *, facts: dict[str, Any] | None = None, **given: Any) -> Any:
    assert component.build is not None
    torch.manual_seed(1)
    return component.build([Member("text", facts or FACTS)], **component.parameters(**given).model_dump())


def scratch(component: Component, **given: Any) -> Any:
    return build(component, use_pretrained=False, trainable=True, **given)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    from transformers import BertConfig, BertModel

    torch.manual_seed(3)
    BertModel(BertConfig(vocab_size=11, **{**NARROW, "num_hidden_layers": 3})).save_pretrained(tmp_path / "bert")
    return str(tmp_path / "bert")


# --- from scratch ---------------------------------------------------------------------------------------------------


def test_a_model_from_scratch_needs_no_folder_and_knows_the_words_of_the_rows() -> None:
    encoder = scratch(ROBERTA, **NARROW, max_position_embeddings=24, pretrained_model_name_or_path="/gone")
    sizes = {name: tuple(weight.shape) for name, weight in encoder.model.named_parameters()}
    assert sizes["embeddings.word_embeddings.weight"] == (11, 8)
    assert sizes["embeddings.position_embeddings.weight"] == (24, 8)
    assert encoder.max_tokens == 24


def test_the_names_of_a_family_reach_the_library_under_its_own() -> None:
    modern = scratch(MODERNBERT, **NARROW, hidden_act="relu", layer_norm_eps=0.25, hidden_dropout_prob=0.5)
    said = modern.model.config
    assert (said.hidden_activation, said.norm_eps, said.embedding_dropout, said.mlp_dropout) == ("relu", 0.25, 0.5, 0.5)
    assert scratch(T5, d_model=8, d_kv=4, num_heads=2, layer_norm_eps=0.125).model.config.layer_norm_epsilon == 0.125


@pytest.mark.parametrize(("given", "layers"), [({}, 6), ({"n_layers": 2}, 2), ({"num_hidden_layers": 3}, 3)])
def test_layers_have_the_name_of_the_family_and_that_of_all(given: dict[str, int], layers: int) -> None:
    encoder = scratch(DISTILBERT, dim=8, n_heads=2, hidden_dim=12, **given)
    assert len(encoder.model.transformer.layer) == layers


def test_places_count_from_the_first_token_whatever_its_id() -> None:
    encoder = scratch(ROBERTA, **NARROW, max_position_embeddings=24, reduce_output=None).eval()
    alike = encoder(torch.full((1, 4), 1), torch.tensor([4])).values[0]
    assert not torch.isclose(alike[0], alike[1]).all()


@pytest.mark.parametrize(
    ("component", "given", "message"),
    [
        (LONGFORMER, {**NARROW, "attention_window": 5}, "attention_window must be an even number"),
        (LONGFORMER, {**NARROW, "attention_window": [4, 4]}, r"one for each of the 1 layers; got \[4, 4\]"),
        (
            DEBERTA,
            {**NARROW, "position_buckets": 8, "max_relative_positions": 4},
            "position_buckets must be at least 2",
        ),
    ],
)
def test_sizes_that_the_library_would_stumble_over_are_refused(
    component: Component, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserProblem, match=message):
        scratch(component, **given)


def test_each_layer_of_a_longformer_can_have_a_window_of_its_own() -> None:
    encoder = scratch(LONGFORMER, **{**NARROW, "num_hidden_layers": 2}, attention_window=[4, 8])
    assert encoder.model.config.attention_window == [4, 8]
    assert encoder(IDS, torch.tensor([4, 2])).isfinite().all()


def test_a_deberta_without_distances_keeps_no_weights_for_them() -> None:
    encoder = scratch(DEBERTA, **NARROW, relative_attention=False, position_biased_input=True)
    encoder(IDS, torch.tensor([4, 2])).sum().backward()
    assert all(weight.grad is not None for weight in encoder.parameters())


def test_nothing_is_said_on_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    for component in (MODERNBERT, ROBERTA, LONGFORMER):
        scratch(component, **NARROW)
    assert capfd.readouterr() == ("", "")


# --- pretrained_kwargs ----------------------------------------------------------------------------------------------


def answers(encoder: Any) -> Tensor:
    return encoder(IDS, torch.tensor([4, 2]))


def test_a_changed_setting_acts_and_is_saved_with_the_model(folder: str) -> None:
    given = {"pretrained_model_name_or_path": folder, "pretrained_kwargs": {"hidden_act": "relu"}}
    plain, changed = build(BERT, pretrained_model_name_or_path=folder), build(BERT, **given)
    assert not torch.equal(answers(plain), answers(changed))
    saved = json.loads(json.dumps(changed.extra_facts()))
    rebuilt = build(BERT, **{**given, "pretrained_model_name_or_path": "/gone"}, facts={**FACTS, **saved})
    rebuilt.load_state_dict(changed.state_dict(), strict=True)
    assert torch.equal(answers(rebuilt), answers(changed))


def test_the_way_attention_is_computed_is_saved_with_the_model(folder: str) -> None:
    given = {"pretrained_model_name_or_path": folder, "pretrained_kwargs": {"attn_implementation": "eager"}}
    saved = build(BERT, **given).extra_facts()
    assert build(BERT, **given, facts={**FACTS, **saved}).model.config._attn_implementation == "eager"
    assert "hf_attention" not in build(BERT, pretrained_model_name_or_path=folder).extra_facts()


def test_a_parameter_comes_before_a_changed_setting(folder: str) -> None:
    given = {"pretrained_model_name_or_path": folder, "pretrained_kwargs": {"num_hidden_layers": 1}}
    assert len(build(BERT, **given).model.encoder.layer) == 1
    assert len(build(BERT, **given, num_hidden_layers=2).model.encoder.layer) == 2


@pytest.mark.parametrize("component", [BERT, AUTO_TRANSFORMER], ids=["bert", "auto_transformer"])
@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        ({"hiden_act": "relu"}, "must name settings of", "Did you mean 'hidden_act'"),
        ({"hidden_act": 3}, "must have a value for hidden_act", "expected str"),
        ({"hidden_act": "loud"}, "must leave a model that the weights fit; got hidden_act: loud", "loud"),
        ({"hidden_size": 16}, "must leave a model that the weights fit", "The library says"),
        ({"trust_remote_code": True}, "code that lies beside a model is never run; got True", "Leave it out"),
        ({"revision": "main"}, "nothing is downloaded", "Leave it out"),
        ({"attn_implementation": "flash_attention_2"}, "must say eager or sdpa", "half precision"),
    ],
)
def test_a_setting_that_cannot_be_changed_is_told(
    component: Component, folder: str, changes: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(UserProblem, match=message) as refusal:
        build(component, pretrained_model_name_or_path=folder, pretrained_kwargs=changes)
    assert refusal.value.code == "pretrained-kwargs"
    assert hint in refusal.value.hint
