"""The text encoder ``gpt``: GPT (Radford et al. 2018), which reads from left to right."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class GptParameters(TransformerParameters):
    """What a config may say of ``gpt``."""

    pretrained_model_name_or_path: str = pretrained_name("openai-gpt")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


GPT = Component(
    kind="encoder",
    name="gpt",
    doc="Encodes the text with the first GPT, which reads from left to right.",
    parameters=GptParameters,
    features=("text",),
    build=partial(build_transformer, encoder="gpt", model_type="openai-gpt"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
