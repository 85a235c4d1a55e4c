"""The text encoder ``mt5``: the encoder of mT5 (Xue et al. 2021, arXiv:2010.11934)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class Mt5Parameters(TransformerParameters):
    """What a config may say of ``mt5``."""

    pretrained_model_name_or_path: str = pretrained_name("google/mt5-base")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


MT5 = Component(
    kind="encoder",
    name="mt5",
    doc="Encodes the text with the encoder of mT5, a T5 that read a hundred languages.",
    parameters=Mt5Parameters,
    features=("text",),
    build=partial(build_transformer, encoder="mt5", model_type="mt5"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
