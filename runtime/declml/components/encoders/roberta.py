"""The text encoder ``roberta``: RoBERTa (Liu et al. 2019, arXiv:1907.11692)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, ReduceTokens, TransformerParameters
from declml_schema.declare import Component


class RobertaParameters(TransformerParameters):
    """What a config may say of ``roberta``."""

    pretrained_model_name_or_path: str = pretrained_name("roberta-base")
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")


ROBERTA = Component(
    kind="encoder",
    name="roberta",
    doc="Encodes the text with RoBERTa, a BERT that was trained longer on more text.",
    parameters=RobertaParameters,
    features=("text",),
    build=partial(build_transformer, encoder="roberta", model_type="roberta"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
