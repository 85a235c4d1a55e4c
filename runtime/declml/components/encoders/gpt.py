"""The text encoder ``gpt``: GPT (Radford et al. 2018), which reads from left to right."""

from __future__ import annotations

from typing import Literal

from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import Family, UnpooledParameters, family_encoder
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

FAMILY = Family(
    encoder="gpt",
    model_type="openai-gpt",
    layers="n_layer",
    training=("resid_pdrop", "embd_pdrop", "attn_pdrop"),
)


class GptParameters(UnpooledParameters):
    """What a config may say of ``gpt``."""

    pretrained_model_name_or_path: str = pretrained_name("openai-gpt")
    n_positions: int = positions(512)
    n_embd: int = width(768)
    n_layer: int = layers(12)
    n_head: int = heads(12)
    afn: Literal["gelu", "relu", "silu"] = activation("gelu")
    layer_norm_epsilon: float = steadiness(1e-05)
    initializer_range: float = spread()
    resid_pdrop: float = zeroed(0.1)
    embd_pdrop: float = zeroed_words(0.1)
    attn_pdrop: float = zeroed_attention(0.1)


GPT = family_encoder(
    FAMILY,
    GptParameters,
    doc="Encodes the text with the first GPT, which reads from left to right.",
    rules=[equal_heads("n_embd", "n_head")],
)
