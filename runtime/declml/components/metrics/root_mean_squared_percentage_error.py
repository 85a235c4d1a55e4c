"""The metric ``root_mean_squared_percentage_error`` for numbers: squared differences in parts of the target."""

from __future__ import annotations

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component

_SMALLEST = torch.finfo(torch.float64).eps


def root_mean_squared_percentage_error(scores: Tensor, targets: Tensor) -> float:
    """Return the root of the mean squared difference in parts of the target; nan without rows.

    Shape: two ``(row,)`` of numbers in their own unit. A target of 0 counts as the smallest step of a double.
    """
    targets = targets.double()
    size = targets.abs().clamp_min(_SMALLEST)
    return float(((scores.double() - targets) / size).square().mean().sqrt())


def build_root_mean_squared_percentage_error() -> Metric:
    """Return the function."""
    return root_mean_squared_percentage_error


COMPONENT = Component(
    "metric",
    "root_mean_squared_percentage_error",
    "The root of the mean squared difference in parts of the target: 0.1 is ten percent; targets near 0 rule it.",
    features=("number",),
    build=build_root_mean_squared_percentage_error,
    facts={"goal": "minimize", "range": [0.0, None], "on_request": True},
)
