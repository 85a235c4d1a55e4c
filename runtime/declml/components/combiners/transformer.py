"""The combiner ``transformer``: every feature is a token, and attention relates them (Vaswani et al., 2017)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import LayerActivation
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
from declml_schema.declare import Component, parameter


class TransformerParameters(AttentionParameters):
    """What a config may say of ``transformer``."""

    reduce_output: FeatureReduction = parameter(
        "mean",
        "How the tokens of all features become one vector; concat keeps each of them, which is widest.",
        planned=PLANNED_FEATURE_REDUCTIONS,
    )


class Transformer(nn.Module):
    """Give each feature a token, relate the tokens by attention, make one vector of them, and mix it.

    Shape: one ``(batch, width_i)`` per group -> ``(batch, width)``.
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
        reduce_output: FeatureReduction,
    ) -> None:
        super().__init__()
        self.tokens = FeatureTokens(
            widths,
            hidden_size,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
        self.attention = attention_layers(
            hidden_size,
            num_layers=num_layers,
            num_heads=num_heads,
            inner_width=transformer_output_size,
            dropout=dropout,
        )
        self._reduction: FeatureReduction = reduce_output
        self.stack = fc_stack(
            reduced_width(reduce_output, self.tokens.count, hidden_size),
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
        return self.stack(reduce_features(self.attention(self.tokens(groups)), self._reduction))


TRANSFORMER = Component(
    kind="combiner",
    name="transformer",
    doc="Relates the features by attention, each of them a token, and makes one vector of all.",
    parameters=TransformerParameters,
    build=Transformer,
    rules=ATTENTION_RULES,
)
