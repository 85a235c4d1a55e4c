"""The metric ``mean_absolute_percentage_error`` for numbers and vectors: differences in parts of the target."""

from __future__ import annotations

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component

_SMALLEST = torch.finfo(torch.float64).eps


def mean_absolute_percentage_error(scores: Tensor, targets: Tensor) -> float:
    """Return the mean absolute difference in parts of the target; nan without rows.

    Shape: two ``(row,)`` of numbers in their own unit, or ``(row, place)`` of vectors, whose places count alike.
    """
    targets = targets.double()
    # As in scikit-learn: a target of 0 counts as the smallest step of a double, so the answer is huge but finite.
    size = targets.abs().clamp_min(_SMALLEST)
    return float(((scores.double() - targets).abs() / size).mean())


def build_mean_absolute_percentage_error() -> Metric:
    """Return the function."""
    return mean_absolute_percentage_error


COMPONENT = Component(
    "metric",
    "mean_absolute_percentage_error",
    "The mean absolute difference in parts of the target: 0.1 is ten percent. Targets near 0 make it huge.",
    features=("number", "vector"),
    build=build_mean_absolute_percentage_error,
    facts={"goal": "minimize", "range": [0.0, None]},
)
