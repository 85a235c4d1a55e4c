"""The text encoder ``xlnet``: XLNet (Yang et al. 2019, arXiv:1906.08237)."""

from __future__ import annotations

from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, UnpooledParameters, family_encoder
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
from declml_schema.declare import parameter

FAMILY = Family(
    encoder="xlnet",
    model_type="xlnet",
    layers="n_layer",
    training=("dropout",),
)


class XlnetParameters(UnpooledParameters):
    """What a config may say of ``xlnet``."""

    pretrained_model_name_or_path: str = pretrained_name("xlnet-base-cased")
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


XLNET = family_encoder(
    FAMILY,
    XlnetParameters,
    doc="Encodes the text with XLNet, which learned to guess words in any order.",
    rules=[equal_heads("d_model", "n_head")],
)
