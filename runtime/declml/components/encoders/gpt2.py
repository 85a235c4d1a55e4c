"""The text encoder ``gpt2``: GPT-2 (Radford et al. 2019), which reads from left to right."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from declml.components.encoders.gpt import FAMILY as GPT_FAMILY
from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import UnpooledParameters, family_encoder
from declml.components.encoders.pretrained_sizes import (
    activation,
    equal_heads,
    heads,
    layers,
    positions,
    spread,
    steadiness,
    width,
    zeroed,
    zeroed_attention,
    zeroed_words,
)
from declml_schema.declare import parameter

FAMILY = replace(GPT_FAMILY, encoder="gpt2", model_type="gpt2")


class Gpt2Parameters(UnpooledParameters):
    """What a config may say of ``gpt2``."""

    pretrained_model_name_or_path: str = pretrained_name("gpt2")
    n_positions: int = positions(1024)
    n_embd: int = width(768)
    n_layer: int = layers(12)
    n_head: int = heads(12)
    n_inner: int | None = parameter(
        None, "The width inside each layer of a model from scratch; null takes four times n_embd.", ge=1
    )
    activation_function: Literal["relu", "silu", "gelu", "tanh", "gelu_new"] = activation("gelu_new")
    layer_norm_epsilon: float = steadiness(1e-05)
    initializer_range: float = spread()
    scale_attn_weights: bool = parameter(
        True, "Whether attention in a model from scratch is divided by the root of a head's width."
    )
    resid_pdrop: float = zeroed(0.1)
    embd_pdrop: float = zeroed_words(0.1)
    attn_pdrop: float = zeroed_attention(0.1)


GPT2 = family_encoder(
    FAMILY,
    Gpt2Parameters,
    doc="Encodes the text with GPT-2, which reads from left to right.",
    rules=[equal_heads("n_embd", "n_head")],
)
