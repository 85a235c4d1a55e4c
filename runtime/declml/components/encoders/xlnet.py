"""The text encoder ``xlnet``: XLNet (Yang et al. 2019, arXiv:1906.08237)."""

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
    layers,
    spread,
    steadiness,
    width,
    zeroed,
)
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component, parameter

FAMILY = Family(
    encoder="xlnet",
    model_type="xlnet",
    layers="n_layer",
    training=("dropout",),
)


class XlnetParameters(TransformerParameters):
    """What a config may say of ``xlnet``."""

    pretrained_model_name_or_path: str = pretrained_name("xlnet-base-cased")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)
    d_model: int = width(768, unit="values")
    n_head: int = heads(12)
    n_layer: int = layers(12)
    d_inner: int = inner_width(3072)
    ff_activation: HiddenAct = activation("gelu")
    clamp_len: int = parameter(
        -1, "The longest distance that a model from scratch tells apart; -1 tells all.", ge=-1, unit="tokens"
    )
    initializer_range: float = spread()
    layer_norm_eps: float = steadiness(1e-12)
    dropout: float = zeroed(0.1)


XLNET = Component(
    kind="encoder",
    name="xlnet",
    doc="Encodes the text with XLNet, which learned to guess words in any order.",
    parameters=XlnetParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, XlnetParameters),
    rules=(*family_rules(FAMILY, XlnetParameters), equal_heads("d_model", "n_head")),
    facts=FACTS,
)
