"""The text encoder ``electra``: ELECTRA (Clark et al. 2020, arXiv:2003.10555)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class ElectraParameters(TransformerParameters):
    """What a config may say of ``electra``."""

    pretrained_model_name_or_path: str = pretrained_name("google/electra-small-discriminator")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


ELECTRA = Component(
    kind="encoder",
    name="electra",
    doc="Encodes the text with ELECTRA, which learned to find replaced words: strong for its size.",
    parameters=ElectraParameters,
    features=("text",),
    build=partial(build_transformer, encoder="electra", model_type="electra"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
