"""The metric ``r2`` for numbers: the share of the variance that is explained."""

from __future__ import annotations

from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def r2(scores: Tensor, targets: Tensor) -> float:
    """Return one minus the squared differences in parts of the targets' variance; nan where all are alike.

    Shape: two ``(row,)`` of numbers in their own unit.
    """
    targets = targets.double()
    rest = (scores.double() - targets).square().sum()
    spread = (targets - targets.mean()).square().sum()
    if len(targets) < 2 or not bool(spread > 0):
        return float("nan")
    return float(1 - rest / spread)


def build_r2() -> Metric:
    """Return the function."""
    return r2


COMPONENT = Component(
    "metric",
    "r2",
    "The share of the variance that the answers explain: 1 is perfect, 0 is no better than the mean, less is worse.",
    features=("number",),
    build=build_r2,
    facts={"goal": "maximize", "range": [None, 1.0]},
)
