"""The text encoder ``mt5``: the encoder of mT5 (Xue et al. 2021, arXiv:2010.11934)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from declml.components.encoders.pretrained_build import pretrained_name
from declml.components.encoders.pretrained_family import family_encoder
from declml.components.encoders.pretrained_sizes import activation, heads, inner_width, layers
from declml.components.encoders.t5 import FAMILY as T5_FAMILY
from declml.components.encoders.t5 import T5Parameters

FAMILY = replace(T5_FAMILY, encoder="mt5", model_type="mt5")


class Mt5Parameters(T5Parameters):
    """What a config may say of ``mt5``."""

    pretrained_model_name_or_path: str = pretrained_name("google/mt5-base")
    num_layers: int = layers(8)
    d_ff: int = inner_width(1024)
    num_heads: int = heads(6)
    feed_forward_proj: Literal["relu", "gated-gelu"] = activation("gated-gelu")


MT5 = family_encoder(
    FAMILY,
    Mt5Parameters,
    doc="Encodes the text with the encoder of mT5, a T5 that read a hundred languages.",
)
