"""The combiner ``tabtransformer``: attention relates the categories and texts; numbers and binaries join afterwards.

Huang, Khetan, Cvitkovic and Karnin: TabTransformer, Tabular Data Modeling Using Contextual Embeddings (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import join
from declml.components.feature_tokens import (
    ATTENTION_RULES,
    PLANNED_FEATURE_REDUCTIONS,
    AttentionParameters,
    FeatureReduction,
    FeatureTokens,
    attention_layers,
    fc_stack,
    reduce_features,
    reduced_width,
)
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer
from declml.components.norms import Norm, NormParams
from declml.contracts import Source
from declml.errors import UserProblem
from declml_schema.declare import Component, parameter

Width = Annotated[int, Field(ge=1)]
_PLAIN = ("number", "binary")
"""Feature types whose values say what they are without the others."""


class TabTransformerParameters(AttentionParameters):
    """What a config may say of ``tabtransformer``."""

    embed_input_feature_name: Width | Literal["add"] | None = parameter(
        None,
        "How a token tells which feature it is: a learned vector of this many values beside it, `add` one that is added"
        " to all of it, null not at all.",
        unit="values",
    )
    reduce_output: FeatureReduction = parameter(
        "concat",
        "How the tokens become one vector; concat keeps each of them, which is widest.",
        planned=PLANNED_FEATURE_REDUCTIONS,
    )


class TabTransformer(nn.Module):
    """Relate the tokens of categories, texts and the like by attention; put numbers and binaries, normalized, beside.

    Without a number and binary there is only attention, without anything else none.
    Shape: one ``(batch, width_i)`` per group -> ``(batch, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        sources: Sequence[Sequence[Source]],
        hidden_size: int,
        num_layers: int,
        num_heads: int,
        transformer_output_size: int,
        dropout: float,
        num_fc_layers: int,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
        fc_activation: LayerActivation | None,
        fc_dropout: float,
        fc_residual: bool,
        embed_input_feature_name: int | Literal["add"] | None,
        reduce_output: FeatureReduction,
    ) -> None:
        super().__init__()
        beside = embed_input_feature_name if isinstance(embed_input_feature_name, int) else 0
        if beside >= hidden_size:
            raise UserProblem(
                "at-most",
                f"embed_input_feature_name must be less than hidden_size, which is {hidden_size}; got {beside}.",
                path="combiner.embed_input_feature_name",
            )
        # A group holds features of one type.
        self._plain = [group[0].type in _PLAIN for group in sources]
        related = [group for group, plain in zip(widths, self._plain, strict=True) if not plain]
        features = sum(len(group) for group in related)
        plain_width = sum(sum(group) for group, plain in zip(widths, self._plain, strict=True) if plain)
        self._reduction: FeatureReduction = reduce_output
        self._adds = embed_input_feature_name == "add"
        self.tokens: FeatureTokens | None = None
        self.names: nn.Parameter | None = None
        if features:
            self.tokens = FeatureTokens(
                related,
                hidden_size - beside,
                use_bias=use_bias,
                weights_initializer=weights_initializer,
                bias_initializer=bias_initializer,
            )
            if self._adds or beside:
                self.names = nn.Parameter(torch.randn(features, beside or hidden_size))
            self.attention = attention_layers(
                hidden_size,
                num_layers=num_layers,
                num_heads=num_heads,
                inner_width=transformer_output_size,
                dropout=dropout,
            )
        self.plain_norm = nn.LayerNorm(plain_width) if plain_width else None
        related_width = reduced_width(reduce_output, features, hidden_size) if features else 0
        self.stack = fc_stack(
            plain_width + related_width,
            num_fc_layers=num_fc_layers,
            output_size=output_size,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
            fc_activation=fc_activation,
            fc_dropout=fc_dropout,
            fc_residual=fc_residual,
        )
        self.width = self.stack.width

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """``(batch, width_i)`` per group -> ``(batch, width)``."""
        parts: list[Tensor] = []
        if self.tokens is not None:
            tokens: Tensor = self.tokens([each for each, plain in zip(groups, self._plain, strict=True) if not plain])
            if self.names is not None:
                names = self.names.expand(len(tokens), -1, -1)
                tokens = tokens + names if self._adds else torch.cat([tokens, names], dim=-1)
            parts.append(reduce_features(self.attention(tokens), self._reduction))
        if self.plain_norm is not None:
            parts.append(
                self.plain_norm(join([each for each, plain in zip(groups, self._plain, strict=True) if plain]))
            )
        return self.stack(join(parts))


TABTRANSFORMER = Component(
    kind="combiner",
    name="tabtransformer",
    doc="Relates categories, texts and the like by attention, and puts numbers and binaries beside them.",
    parameters=TabTransformerParameters,
    build=TabTransformer,
    rules=ATTENTION_RULES,
    facts={"sources": True},
)
