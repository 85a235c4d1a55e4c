"""The text encoder ``longformer``: Longformer (Beltagy et al. 2020, arXiv:2004.05150)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, ReduceTokens, TransformerParameters
from declml_schema.declare import Component


class LongformerParameters(TransformerParameters):
    """What a config may say of ``longformer``."""

    pretrained_model_name_or_path: str = pretrained_name("allenai/longformer-base-4096")
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")


LONGFORMER = Component(
    kind="encoder",
    name="longformer",
    doc="Encodes the text with Longformer, which can read thousands of tokens: its cost grows with their number alone.",
    parameters=LongformerParameters,
    features=("text",),
    build=partial(build_transformer, encoder="longformer", model_type="longformer"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
