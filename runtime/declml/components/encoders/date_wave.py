"""The encoder ``wave`` of dates: months, days and hours as points on a circle."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dropout import Dropout
from declml.components.encoders.date_parts import NUMBERS, PERIODS, waves
from declml.components.encoders.fusion import one_group
from declml.components.encoders.group_stack import STACK_RULES, GroupStack, StackParameters
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.contracts import Member
from declml_schema.declare import Component, parameter


class DateWaveParameters(StackParameters):
    """What a config may say of ``wave``."""

    num_fc_layers: int = parameter(1, "How many dense layers follow the waves.", ge=0, le=MOST_LAYERS, common=True)


class DateWave(nn.Module):
    """The time as a number, each other part as sine and cosine, then dense layers.

    Ludwig takes the cosine alone, for which spring and autumn are one.
    Shape: ``(batch, 9 * feature)`` -> ``(batch, feature * width)``.
    """

    periods: Tensor

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        num_fc_layers: int,
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
        self.register_buffer("periods", torch.tensor(PERIODS, dtype=torch.float32), persistent=False)
        self.dropout = Dropout(dropout)
        self.stack = GroupStack(
            members,
            1 + 2 * len(PERIODS),
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
        self.widths = [self.stack.width] * len(members)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, 9 * feature)`` -> ``(batch, feature * width)``; ``lengths`` has no meaning here."""
        numbers = values.unflatten(1, (-1, NUMBERS))
        hidden = torch.cat([numbers[..., :1], waves(numbers[..., 1:], self.periods)], dim=-1)
        return self.stack(self.dropout(hidden)).flatten(1)


DATE_WAVE = Component(
    kind="encoder",
    name="wave",
    doc="Lays months, days, weekdays and hours on circles, so that December is beside January and 23:00 beside 0:00.",
    parameters=DateWaveParameters,
    features=("date",),
    build=DateWave,
    fusion=one_group,
    rules=STACK_RULES,
)
