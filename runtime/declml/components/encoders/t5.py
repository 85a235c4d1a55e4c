"""The text encoder ``t5``: the encoder of T5 (Raffel et al. 2020, arXiv:1910.10683)."""

from __future__ import annotations

from typing import Literal

from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, UnpooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import (
    activation,
    heads,
    inner_width,
    layers,
    steadiness,
    width,
    zeroed,
)
from declml_schema.declare import parameter

FAMILY = Family(
    encoder="t5",
    model_type="t5",
    layers="num_layers",
    training=("dropout_rate",),
    theirs={"layer_norm_eps": ("layer_norm_epsilon",)},
    fixed={"num_decoder_layers": 1},  # it is dropped
)


class T5Parameters(UnpooledParameters):
    """What a config may say of ``t5``."""

    pretrained_model_name_or_path: str = pretrained_name("t5-small")
    d_model: int = width(512, unit="values")
    d_kv: int = parameter(64, "The width of each head in a model from scratch.", ge=1)
    num_layers: int = layers(6)
    d_ff: int = inner_width(2048)
    num_heads: int = heads(8)
    feed_forward_proj: Literal["relu", "gated-gelu"] = activation("relu")
    relative_attention_num_buckets: int = parameter(
        32, "Into how many groups a model from scratch sorts distances, near ones finely.", ge=4
    )
    initializer_factor: float = parameter(
        1.0, "By how much the random weights of a model from scratch are larger than usual.", gt=0
    )
    layer_norm_eps: float = steadiness(1e-06)
    dropout_rate: float = zeroed(0.1)


T5 = family_encoder(
    FAMILY,
    T5Parameters,
    doc="Encodes the text with the encoder of T5, which learned many tasks as text.",
)
