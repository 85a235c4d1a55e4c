"""The text encoder ``gpt2``: GPT-2 (Radford et al. 2019), which reads from left to right."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class Gpt2Parameters(TransformerParameters):
    """What a config may say of ``gpt2``."""

    pretrained_model_name_or_path: str = pretrained_name("gpt2")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


GPT2 = Component(
    kind="encoder",
    name="gpt2",
    doc="Encodes the text with GPT-2, which reads from left to right.",
    parameters=Gpt2Parameters,
    features=("text",),
    build=partial(build_transformer, encoder="gpt2", model_type="gpt2"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
