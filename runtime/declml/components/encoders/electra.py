"""The text encoder ``electra``: ELECTRA (Clark et al. 2020, arXiv:2003.10555)."""

from __future__ import annotations

from declml.components.encoders.pretrained_build import UNPOOLED, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_family import Family, FamilyBuild, family_rules
from declml.components.encoders.pretrained_parts import FACTS, TransformerParameters
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
    word_width,
    zeroed,
    zeroed_attention,
)
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component

FAMILY = Family(
    encoder="electra",
    model_type="electra",
    layers=12,
    training=(
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
    ),
)


class ElectraParameters(TransformerParameters):
    """What a config may say of ``electra``."""

    pretrained_model_name_or_path: str = pretrained_name("google/electra-small-discriminator")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)
    embedding_size: int = word_width(128)
    hidden_size: int = width(256)
    num_attention_heads: int = heads(4)
    intermediate_size: int = inner_width(1024)
    hidden_act: HiddenAct = activation("gelu")
    max_position_embeddings: int = positions(512)
    type_vocab_size: int = segments(2)
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-12)
    hidden_dropout_prob: float = zeroed(0.1)
    attention_probs_dropout_prob: float = zeroed_attention(0.1)


ELECTRA = Component(
    kind="encoder",
    name="electra",
    doc="Encodes the text with ELECTRA, which learned to find replaced words: strong for its size.",
    parameters=ElectraParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, ElectraParameters),
    rules=(*family_rules(FAMILY, ElectraParameters), equal_heads("hidden_size", "num_attention_heads")),
    facts=FACTS,
)
