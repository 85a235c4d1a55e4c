"""The text encoder ``mt5``: the encoder of mT5 (Xue et al. 2021, arXiv:2010.11934)."""

from __future__ import annotations

from typing import Literal

from declml.components.encoders.pretrained_build import UNPOOLED, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_family import Family, FamilyBuild, family_rules
from declml.components.encoders.pretrained_parts import FACTS, TransformerParameters
from declml.components.encoders.pretrained_sizes import (
    activation,
    heads,
    inner_width,
    layers,
    steadiness,
    width,
    zeroed,
)
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component, parameter

FAMILY = Family(
    encoder="mt5",
    model_type="mt5",
    layers="num_layers",
    training=("dropout_rate",),
    theirs={"layer_norm_eps": ("layer_norm_epsilon",)},
    fixed={"num_decoder_layers": 1},  # it is dropped
)


class Mt5Parameters(TransformerParameters):
    """What a config may say of ``mt5``."""

    pretrained_model_name_or_path: str = pretrained_name("google/mt5-base")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)
    d_model: int = width(512, unit="values")
    d_kv: int = parameter(64, "The width of each head in a model from scratch.", ge=1)
    num_layers: int = layers(8)
    d_ff: int = inner_width(1024)
    num_heads: int = heads(6)
    feed_forward_proj: Literal["relu", "gated-gelu"] = activation("gated-gelu")
    relative_attention_num_buckets: int = parameter(
        32, "Into how many groups a model from scratch sorts distances, near ones finely.", ge=4
    )
    initializer_factor: float = parameter(
        1.0, "By how much the random weights of a model from scratch are larger than usual.", gt=0
    )
    layer_norm_eps: float = steadiness(1e-06)
    dropout_rate: float = zeroed(0.1)


MT5 = Component(
    kind="encoder",
    name="mt5",
    doc="Encodes the text with the encoder of mT5, a T5 that read a hundred languages.",
    parameters=Mt5Parameters,
    features=("text",),
    build=FamilyBuild(FAMILY, Mt5Parameters),
    rules=(*family_rules(FAMILY, Mt5Parameters),),
    facts=FACTS,
)
