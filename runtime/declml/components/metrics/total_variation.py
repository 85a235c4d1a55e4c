"""The metric ``total_variation`` for distributions over classes: the part of the whole given to wrong classes."""

from __future__ import annotations

from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def total_variation(scores: Tensor, targets: Tensor) -> float:
    """Return the mean over rows of half the absolute differences of shares; nan without rows.

    Shape: two ``(row, class)`` of shares that add up to 1.
    """
    return float((scores.double() - targets.double()).abs().sum(dim=1).mean() / 2)


def build_total_variation() -> Metric:
    """Return the function."""
    return total_variation


COMPONENT = Component(
    "metric",
    "total_variation",
    "The part of the whole that is answered for wrong classes: 0.1 is a tenth of it.",
    features=("category_distribution",),
    build=build_total_variation,
    facts={"goal": "minimize", "range": [0.0, 1.0]},
)
