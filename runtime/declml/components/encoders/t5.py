"""The text encoder ``t5``: the encoder of T5 (Raffel et al. 2020, arXiv:1910.10683)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class T5Parameters(TransformerParameters):
    """What a config may say of ``t5``."""

    pretrained_model_name_or_path: str = pretrained_name("t5-small")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


T5 = Component(
    kind="encoder",
    name="t5",
    doc="Encodes the text with the encoder of T5, which learned many tasks as text.",
    parameters=T5Parameters,
    features=("text",),
    build=partial(build_transformer, encoder="t5", model_type="t5"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
