"""The combiner ``ft_transformer``: a token that stands for the row looks at one token for each feature.

Gorishniy, Rubachev, Khrulkov and Babenko: Revisiting Deep Learning Models for Tabular Data (NeurIPS 2021), section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.feature_tokens import (
    ATTENTION_RULES,
    AttentionParameters,
    FeatureTokens,
    attention_layers,
    fc_stack,
)
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer
from declml.components.norms import Norm, NormParams
from declml_schema.declare import Component


class FTTransformerParameters(AttentionParameters):
    """What a config may say of ``ft_transformer``."""


class FTTransformer(nn.Module):
    """Put a learned token before those of the features, relate them by attention, and answer with that token.

    Each half of a layer normalizes what goes into it, as in the paper. Shape: one ``(batch, width_i)`` per group ->
    ``(batch, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
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
    ) -> None:
        super().__init__()
        self.tokens = FeatureTokens(
            widths,
            hidden_size,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
        self.row = nn.Parameter(torch.empty(hidden_size).uniform_(-(hidden_size**-0.5), hidden_size**-0.5))
        self.attention = attention_layers(
            hidden_size,
            num_layers=num_layers,
            num_heads=num_heads,
            inner_width=transformer_output_size,
            dropout=dropout,
            before=True,
        )
        self.norm = nn.LayerNorm(hidden_size)
        self.stack = fc_stack(
            hidden_size,
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
        tokens = self.tokens(groups)
        row = self.row.expand(len(tokens), 1, -1)
        seen = self.attention(torch.cat([row, tokens], dim=1))  # (batch, 1 + feature, width)
        return self.stack(torch.relu(self.norm(seen[:, 0])))


FT_TRANSFORMER = Component(
    kind="combiner",
    name="ft_transformer",
    doc="Lets a token that stands for the whole row look at one token for each feature: strong on tables, and slow.",
    parameters=FTTransformerParameters,
    build=FTTransformer,
    rules=ATTENTION_RULES,
)
