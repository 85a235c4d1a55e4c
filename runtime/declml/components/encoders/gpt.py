"""The text encoder ``gpt``: GPT (Radford et al. 2018), which reads from left to right."""

from __future__ import annotations

from typing import Literal

from declml.components.encoders.pretrained_build import UNPOOLED, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_family import Family, FamilyBuild, family_rules
from declml.components.encoders.pretrained_parts import FACTS, TransformerParameters
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
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component

FAMILY = Family(
    encoder="gpt",
    model_type="openai-gpt",
    layers="n_layer",
    training=(
        "resid_pdrop",
        "embd_pdrop",
        "attn_pdrop",
    ),
)


class GptParameters(TransformerParameters):
    """What a config may say of ``gpt``."""

    pretrained_model_name_or_path: str = pretrained_name("openai-gpt")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)
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


GPT = Component(
    kind="encoder",
    name="gpt",
    doc="Encodes the text with the first GPT, which reads from left to right.",
    parameters=GptParameters,
    features=("text",),
    build=FamilyBuild(FAMILY, GptParameters),
    rules=(*family_rules(FAMILY, GptParameters), equal_heads("n_embd", "n_head")),
    facts=FACTS,
)
