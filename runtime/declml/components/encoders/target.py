"""The encoder ``target`` of categories: how the targets of the training rows lie where they have this label."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from declml.components.encoders.number_parts import GroupLinear
from declml.contracts import Member
from declml_schema.declare import Component, Parameters, parameter


class TargetParameters(Parameters):
    """What a config may say of ``target``."""

    output_size: int | None = parameter(
        None,
        "How many values a linear layer makes of the statistics; null hands them on as they are, one for each number"
        " of the outputs and one for each class.",
        ge=1,
        unit="values",
        common=True,
    )
    smoothing: float = parameter(
        10.0,
        "How many rows of the overall mean each label's mean is mixed with; more trusts rare labels less.",
        ge=0,
        unit="rows",
        common=True,
    )
    folds: int = parameter(
        5,
        "In how many parts the training rows are split: each row takes the means of the other parts, so that it never"
        " sees its own answer.",
        ge=2,
        le=50,
        unit="parts",
    )


class TargetStatistics(nn.Module):
    """Hand the statistics on, or make a vector of them by a linear layer of each feature's own.

    What is looked up is made with the data: see ``declml.data.target_statistics``.
    Shape: ``(batch, feature * statistic)`` -> ``(batch, feature * width)``.
    """

    def __init__(self, members: Sequence[Member], *, output_size: int | None, smoothing: float, folds: int) -> None:
        super().__init__()
        self.statistics = _statistics({}, members[0].facts)
        self.linear = None
        if output_size is not None:
            self.linear = GroupLinear(members, self.statistics, output_size, bias=True)
        self.widths = [output_size or self.statistics] * len(members)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, feature * statistic)`` -> ``(batch, feature * width)``; ``lengths`` has no meaning here."""
        if self.linear is None:
            return values
        return self.linear(values.unflatten(1, (-1, self.statistics))).flatten(1)


def _statistics(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> int:
    # A plan for unread data knows no targets: it counts one number.
    return int(facts.get("statistics_width", 1))


def _same_statistics(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> Hashable:
    return _statistics(parameters, facts)


TARGET = Component(
    kind="encoder",
    name="target",
    doc="Turns the label into the mean of the target where it occurs, or the share of each class: for many labels.",
    parameters=TargetParameters,
    features=("category",),
    build=TargetStatistics,
    fusion=_same_statistics,
    facts={"asks": {"target_statistics": True, "folds": "$folds", "smoothing": "$smoothing"}},
)
