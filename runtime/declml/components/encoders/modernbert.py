"""The text encoder ``modernbert``: ModernBERT (Warner et al. 2024, arXiv:2412.13663)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class ModernbertParameters(TransformerParameters):
    """What a config may say of ``modernbert``."""

    pretrained_model_name_or_path: str = pretrained_name("answerdotai/ModernBERT-base")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


MODERNBERT = Component(
    kind="encoder",
    name="modernbert",
    doc="Encodes the text with ModernBERT, which reads long texts quickly.",
    parameters=ModernbertParameters,
    features=("text",),
    build=partial(build_transformer, encoder="modernbert", model_type="modernbert"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
