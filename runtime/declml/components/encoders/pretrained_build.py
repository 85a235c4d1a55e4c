"""How ``auto_transformer`` is built around any model, and the declarations that all encoders around a model share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from declml.components.encoders.pretrained_changes import told_changes
from declml.components.encoders.pretrained_parts import (
    PLANNED_TRANSFORMER_REDUCTIONS,
    ReduceTokens,
    TextTransformer,
    check_vocabulary,
    located_config,
    new_model,
    pretrained_model,
    saved_config,
)
from declml.contracts import Member
from declml_schema.declare import parameter


def pretrained_name(default: str) -> Any:
    """Return the declaration of the model's name or folder, with the default of one family."""
    return parameter(
        default,
        "The pretrained model: a folder, or the name of an installed package that holds one; nothing is downloaded.",
        common=True,
        examples=[default],
    )


_POOLED = "How the vectors of all tokens become one; mean suits most models, cls_pooled those with a pooling layer."
UNPOOLED = "How the vectors of all tokens become one; mean suits most models, and this one has no summary of its own."


def reduce_parameter(default: ReduceTokens, doc: str = _POOLED) -> Any:
    """Return the declaration of ``reduce_output`` with the default of one family."""
    return parameter(
        default,
        doc,
        planned=PLANNED_TRANSFORMER_REDUCTIONS,
        common=True,
    )


def build_transformer(  # noqa: PLR0913 - one argument for each parameter of a config
    members: Sequence[Member],
    *,
    pretrained_model_name_or_path: str,
    use_pretrained: bool,
    trainable: bool,
    reduce_output: ReduceTokens,
    max_sequence_length: int | None,
    num_hidden_layers: int | None,
    pretrained_kwargs: Mapping[str, Any] | None,
    adapter: Mapping[str, Any] | None,
) -> TextTransformer:
    """Return the encoder of one text feature, from its saved configuration or from the model's folder.

    Without ``use_pretrained`` the folder's configuration alone is taken.
    """
    config = saved_config(members)
    if config is not None:
        model = new_model(config)
    else:
        name = pretrained_model_name_or_path
        folder, config = located_config(
            name, num_hidden_layers=num_hidden_layers, use_pretrained=use_pretrained, changes=pretrained_kwargs
        )
        check_vocabulary(members[0].facts, config, name)
        with told_changes(pretrained_kwargs):
            if use_pretrained:
                model = pretrained_model(name, folder, config, needs_pooler=reduce_output == "cls_pooled")
            else:
                model = new_model(config)
    return TextTransformer(
        model,
        reduce_output=reduce_output,
        max_sequence_length=max_sequence_length,
        trainable=trainable,
        adapter=adapter,
    )
