"""The text encoder ``distilbert``: DistilBERT (Sanh et al. 2019, arXiv:1910.01108)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class DistilbertParameters(TransformerParameters):
    """What a config may say of ``distilbert``."""

    pretrained_model_name_or_path: str = pretrained_name("distilbert-base-uncased")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


DISTILBERT = Component(
    kind="encoder",
    name="distilbert",
    doc="Encodes the text with DistilBERT, a BERT of half the layers that learned from the whole one.",
    parameters=DistilbertParameters,
    features=("text",),
    build=partial(build_transformer, encoder="distilbert", model_type="distilbert"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
