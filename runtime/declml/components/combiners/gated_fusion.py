"""The combiner ``gated_fusion``: each value of the answer is a mean of the features' values, weighed row by row.

After the gated multimodal units of Arevalo et al. 2017 (arXiv:1702.01992).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.combiners.fusing import FUSION_RULES, FusionParameters
from declml.components.dense_stack import DenseStack
from declml.components.dropout import Dropout
from declml.components.feature_tokens import FeatureTokens
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml_schema.declare import Component, parameter


class GatedFusionParameters(FusionParameters):
    """What a config may say of ``gated_fusion``."""

    hidden_size: int = parameter(
        256, "The width to which each feature is brought; wider keeps more of it.", ge=1, common=True
    )


class GatedFusion(nn.Module):
    """Weigh the features' vectors value by value, by gates that see the feature and the mean of all; then dense layers.

    Shape: one ``(batch, width_i)`` per group -> ``(batch, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        hidden_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
        num_fc_layers: int,
        output_size: int,
        fc_layers: Sequence[FcLayer] | None,
    ) -> None:
        super().__init__()
        self.tokens = FeatureTokens(
            widths,
            hidden_size,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
        self.own = nn.Linear(hidden_size, hidden_size)
        self.all = nn.Linear(hidden_size, hidden_size, bias=False)
        self.dropout = Dropout(dropout)
        self.stack = DenseStack(
            hidden_size,
            stack_widths(num_fc_layers, output_size, fc_layers),
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
        )
        self.width = self.stack.width

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """``(batch, width_i)`` per group -> ``(batch, width)``."""
        tokens = self.tokens(groups).tanh()  # (batch, feature, hidden)
        # What all features have in common falls out of a softmax over them: their mean must meet each one's own.
        gates = (self.own(tokens) * self.all(tokens.mean(1, keepdim=True)).add(1)).softmax(1)
        return self.stack(self.dropout((gates * tokens).sum(1)))


GATED_FUSION = Component(
    kind="combiner",
    name="gated_fusion",
    doc="Weighs the features against each other row by row, value by value, and adds them up.",
    parameters=GatedFusionParameters,
    build=GatedFusion,
    rules=FUSION_RULES,
)
