"""The metric ``minkowski_distance`` for numbers, as torchmetrics computes it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.borrowed_number import number_metric


def _cubes(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    return scores.double(), targets.double(), 3.0


COMPONENT = number_metric(
    "minkowski_distance", "minkowski_distance", _cubes,
    "The cube root of the sum of all cubed differences: large ones count most, and more rows have a larger sum.",
    goal="minimize", low=0.0, high=None,
)  # fmt: skip
