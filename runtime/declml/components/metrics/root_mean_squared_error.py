"""The metric ``root_mean_squared_error`` for numbers and vectors: the root of the mean squared difference."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def root_mean_squared_error(scores: Tensor, targets: Tensor) -> float:
    """Return the root of the mean squared difference; nan without rows.

    Shape: two ``(row,)`` of numbers in their own unit, or ``(row, place)`` of vectors, whose places count alike.
    """
    return float((scores.double() - targets.double()).square().mean().sqrt())


def build_root_mean_squared_error() -> Metric:
    """Return the function."""
    return root_mean_squared_error


COMPONENT = Component(
    "metric",
    "root_mean_squared_error",
    "The root of the mean squared difference, in the unit of the column.",
    features=("number", "vector"),
    build=build_root_mean_squared_error,
    facts={"goal": "minimize", "range": [0.0, None]},
)
DISTRIBUTION = replace(COMPONENT, features=("category_distribution",), facts={**COMPONENT.facts, "on_request": True})
