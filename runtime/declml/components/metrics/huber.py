"""The metric ``huber`` for numbers and vectors: squared for small differences, absolute for large ones."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from declml.contracts import Metric
from declml_schema.declare import Component


def huber(scores: Tensor, targets: Tensor) -> float:
    """Return the mean Huber loss with a delta of 1 in the column's own unit; nan without rows.

    Shape: two ``(row,)`` of numbers, or ``(row, place)`` of vectors, whose places count alike.
    """
    return float(functional.huber_loss(scores.double(), targets.double()))


def build_huber() -> Metric:
    """Return the function."""
    return huber


COMPONENT = Component(
    "metric",
    "huber",
    "Half the squared difference up to 1 in the column's own unit, and the difference less one half beyond.",
    features=("number", "vector"),
    build=build_huber,
    facts={"goal": "minimize", "range": [0.0, None], "on_request": True},
)
