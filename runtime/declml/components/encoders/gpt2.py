"""The text encoder ``gpt2``: GPT-2 (Radford et al. 2019), which reads from left to right."""

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
from declml_schema.declare import Component, parameter

FAMILY = Family(
    encoder="gpt2",
    model_type="gpt2",
    layers="n_layer",
    training=(
        "resid_pdrop",
        "embd_pdrop",
        "attn_pdrop",
    ),
)


class Gpt2Parameters(TransformerParameters):
    """What a config may say of ``gpt2``."""

    pretrained_model_name_or_path: str = pretrained_name("gpt2")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)
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


GPT2 = Component(
    kind="encoder",
    name="gpt2",
    doc="Encodes the text with GPT-2, which reads from left to right.",
    parameters=Gpt2Parameters,
    features=("text",),
    build=FamilyBuild(FAMILY, Gpt2Parameters),
    rules=(*family_rules(FAMILY, Gpt2Parameters), equal_heads("n_embd", "n_head")),
    facts=FACTS,
)
