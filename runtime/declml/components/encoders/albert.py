"""The text encoder ``albert``: ALBERT (Lan et al. 2020, arXiv:1909.11942)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, ReduceTokens, TransformerParameters
from declml_schema.declare import Component


class AlbertParameters(TransformerParameters):
    """What a config may say of ``albert``."""

    pretrained_model_name_or_path: str = pretrained_name("albert-base-v2")
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")


ALBERT = Component(
    kind="encoder",
    name="albert",
    doc="Encodes the text with ALBERT, a small BERT whose layers share their weights.",
    parameters=AlbertParameters,
    features=("text",),
    build=partial(build_transformer, encoder="albert", model_type="albert"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
