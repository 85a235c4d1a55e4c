"""The text encoder ``deberta``: DeBERTa in its second and third version (He et al. 2021, arXiv:2006.03654)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class DebertaParameters(TransformerParameters):
    """What a config may say of ``deberta``."""

    pretrained_model_name_or_path: str = pretrained_name("tasksource/deberta-base-long-nli")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


DEBERTA = Component(
    kind="encoder",
    name="deberta",
    doc="Encodes the text with DeBERTa, which keeps what a word means and where it stands apart: strong, and slow.",
    parameters=DebertaParameters,
    features=("text",),
    build=partial(build_transformer, encoder="deberta", model_type="deberta-v2"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
