"""The text encoder ``xlmroberta``: XLM-RoBERTa (Conneau et al. 2020, arXiv:1911.02116)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, ReduceTokens, TransformerParameters
from declml_schema.declare import Component


class XlmrobertaParameters(TransformerParameters):
    """What a config may say of ``xlmroberta``."""

    pretrained_model_name_or_path: str = pretrained_name("xlm-roberta-base")
    reduce_output: ReduceTokens = reduce_parameter("cls_pooled")


XLMROBERTA = Component(
    kind="encoder",
    name="xlmroberta",
    doc="Encodes the text with XLM-RoBERTa, which read a hundred languages.",
    parameters=XlmrobertaParameters,
    features=("text",),
    build=partial(build_transformer, encoder="xlmroberta", model_type="xlm-roberta"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
