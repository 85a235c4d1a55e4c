"""The text encoder ``xlnet``: XLNet (Yang et al. 2019, arXiv:1906.08237)."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import UNPOOLED, build_transformer, pretrained_name, reduce_parameter
from declml.components.encoders.pretrained_parts import IMPLIES, PACE, TransformerParameters
from declml.components.token_states import WeightlessReduction
from declml_schema.declare import Component


class XlnetParameters(TransformerParameters):
    """What a config may say of ``xlnet``."""

    pretrained_model_name_or_path: str = pretrained_name("xlnet-base-cased")
    reduce_output: WeightlessReduction = reduce_parameter("sum", UNPOOLED)


XLNET = Component(
    kind="encoder",
    name="xlnet",
    doc="Encodes the text with XLNet, which learned to guess words in any order.",
    parameters=XlnetParameters,
    features=("text",),
    build=partial(build_transformer, encoder="xlnet", model_type="xlnet"),
    rules=(ADAPTER_RULE,),
    facts={"implies": IMPLIES, "pace": PACE},
)
