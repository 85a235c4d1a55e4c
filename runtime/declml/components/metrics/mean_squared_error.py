"""The metric ``mean_squared_error`` for numbers and vectors: the mean of squared differences."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def mean_squared_error(scores: Tensor, targets: Tensor) -> float:
    """Return the mean squared difference; nan without rows.

    Shape: two ``(row,)`` of numbers in their own unit, or ``(row, place)`` of vectors, whose places count alike.
    """
    return float((scores.double() - targets.double()).square().mean())


def build_mean_squared_error() -> Metric:
    """Return the function."""
    return mean_squared_error


COMPONENT = Component(
    "metric",
    "mean_squared_error",
    "The mean of squared differences: large mistakes count most.",
    features=("number", "vector"),
    build=build_mean_squared_error,
    facts={"goal": "minimize", "range": [0.0, None]},
)
DISTRIBUTION = replace(COMPONENT, features=("category_distribution",), facts={**COMPONENT.facts, "on_request": True})
