"""The encoder ``embed`` of dates: a learned vector for each month, day, weekday, hour and so on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dropout import Dropout
from declml.components.encoders.date_parts import NUMBERS, PERIODS, waves
from declml.components.encoders.fusion import one_group
from declml.components.encoders.group_stack import STACK_RULES, GroupStack, StackParameters
from declml.components.initializers import BiasInitializer, WeightsInitializer, seeded_by
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.contracts import Member
from declml_schema.declare import Component, parameter

_SIZES = [period + 1 for period in PERIODS[:-1]]  # the second of the day is a wave: it has too many values
_OFFSETS = [0, *accumulate(_SIZES)]
_SPREAD = 0.1  # small, so that a day which training never saw says little


class DateEmbedParameters(StackParameters):
    """What a config may say of ``embed`` for a date."""

    embedding_size: int = parameter(
        10,
        "The width of the vector of each month, day, weekday, day of the year, hour, minute and second.",
        ge=1,
        unit="values",
        common=True,
    )


class DateEmbed(nn.Module):
    """The time as a number, the time of day as a wave, a vector for each other part; then dense layers if any.

    All members' vectors are in one table, each with its rows from an offset on.
    Shape: ``(batch, 9 * feature)`` -> ``(batch, feature * width)``.
    """

    offsets: Tensor
    day: Tensor

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
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
        rows = _OFFSETS[-1]
        starts = torch.arange(len(members)).unsqueeze(1) * rows + torch.tensor(_OFFSETS[:-1])
        self.register_buffer("offsets", starts, persistent=False)  # (feature, part)
        self.register_buffer("day", torch.tensor([float(PERIODS[-1])]), persistent=False)
        self.table = nn.Parameter(torch.empty(len(members) * rows, embedding_size))
        for index, member in enumerate(members):
            with seeded_by(member.name):
                nn.init.normal_(self.table.data[index * rows : (index + 1) * rows], std=_SPREAD)
        self.dropout = Dropout(dropout)
        self.stack = GroupStack(
            members,
            3 + embedding_size * len(_SIZES),
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
        vectors = nn.functional.embedding(numbers[..., 1:-1].long() + self.offsets, self.table)
        parts = [numbers[..., :1], waves(numbers[..., -1:], self.day), vectors.flatten(2)]
        return self.stack(self.dropout(torch.cat(parts, dim=-1))).flatten(1)


DATE_EMBED = Component(
    kind="encoder",
    name="embed",
    doc="Learns a vector for each month, day, weekday, day of the year, hour, minute and second of a date.",
    parameters=DateEmbedParameters,
    features=("date",),
    build=DateEmbed,
    fusion=one_group,
    rules=STACK_RULES,
)
