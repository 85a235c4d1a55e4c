"""The text encoder ``roberta``: RoBERTa (Liu et al. 2019, arXiv:1907.11692)."""

from __future__ import annotations

from declml.components.encoders.pretrained_build import pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_family import Family, FamilyBuild, family_rules
from declml.components.encoders.pretrained_parts import FACTS, ReduceTokens, TransformerParameters
from declml.components.encoders.pretrained_sizes import (
    HiddenAct,
    activation,
    equal_heads,
    heads,
    inner_width,
    positions,
    segments,
    spread,
    steadiness,
    width,
    zeroed,
    zeroed_attention,
)
from declml_schema.declare import Component

FAMILY = Family(
    encoder="roberta",
    model_type="roberta",
    layers=12,
    training=(
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
    ),
)


class RobertaParameters(TransformerParameters):
    """What a config may say of ``roberta``."""

    pretrained_model_name_or_path: str = pretrained_name("roberta-base")
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")
    hidden_size: int = width(768)
    num_attention_heads: int = heads(12)
    intermediate_size: int = inner_width(3072)
    hidden_act: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(514)
    type_vocab_size: int = segments(1)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-05)
    hidden_dropout_prob: float = zeroed(0.1)
    attention_probs_dropout_prob: float = zeroed_attention(0.1)


ROBERTA = Component(
    kind="encoder",
    name="roberta",
    doc="Encodes the text with RoBERTa, a BERT that was trained longer on more text.",
    parameters=RobertaParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, RobertaParameters),
    rules=(*family_rules(FAMILY, RobertaParameters), equal_heads("hidden_size", "num_attention_heads")),
    facts=FACTS,
)
