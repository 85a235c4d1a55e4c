"""The encoder ``dense``: dense layers for each number, binary or vector, all features of a group in one product."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import BIAS_RULE, ListedLayerParameters, count_rule
from declml.components.encoders.fusion import same_size, value_size
from declml.components.encoders.group_stack import GroupStack
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import NORM_PARAMS_RULE, Norm, NormParams
from declml.contracts import Member
from declml_schema.declare import Component, parameter


class DenseParameters(ListedLayerParameters):
    """What a config may say of ``dense``."""

    num_layers: int = parameter(
        1,
        "How many dense layers turn the value into a vector; more can bend it further and take longer to train.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    output_size: int = parameter(
        256,
        "The width of each layer, and of the vector that the feature becomes; wider costs more in every later layer.",
        ge=1,
        unit="values",
        common=True,
    )


class Dense(nn.Module):
    """Dense layers per feature, with the weights of all features stacked; all members have the same size.

    Shape: ``(batch, feature * size)`` -> ``(batch, feature * output_size)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        num_layers: int,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
    ) -> None:
        super().__init__()
        self.size = value_size(members[0].facts)
        self.stack = GroupStack(
            members,
            self.size,
            stack_widths(num_layers, output_size, fc_layers),
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
        )
        self.widths = [self.stack.width] * len(members)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, feature * size)`` -> ``(batch, feature * output_size)``; ``lengths`` has no meaning here."""
        return self.stack(values.unflatten(1, (-1, self.size))).flatten(1)


DENSE = Component(
    kind="encoder",
    name="dense",
    doc="Turns the value into a vector with dense layers of its own.",
    parameters=DenseParameters,
    features=("number", "binary", "vector"),
    build=Dense,
    fusion=same_size,
    rules=(count_rule("num_layers"), NORM_PARAMS_RULE, BIAS_RULE),
)
