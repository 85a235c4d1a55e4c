"""The text encoder ``camembert``: CamemBERT (Martin et al. 2020, arXiv:1911.03894)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, ReduceTokens, TransformerParameters
from declml_schema.declare import Component


class CamembertParameters(TransformerParameters):
    """What a config may say of ``camembert``."""

    pretrained_model_name_or_path: str = pretrained_name("camembert-base")
    reduce_output: ReduceTokens = reduce_parameter("sum")


CAMEMBERT = Component(
    kind="encoder",
    name="camembert",
    doc="Encodes the text with CamemBERT, a RoBERTa that read French.",
    parameters=CamembertParameters,
    features=("text",),
    build=partial(build_transformer, encoder="camembert", model_type="camembert"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
