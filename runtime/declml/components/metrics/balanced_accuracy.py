"""The metric ``balanced_accuracy`` for categories: the mean recall of the classes, rare ones counting fully."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def balanced_accuracy(scores: Tensor, targets: Tensor) -> float:
    """Return the mean, over the classes that have rows, of the share of their rows that is found; nan without rows.

    Shape: ``(row, class)`` probabilities and ``(row,)`` class ids.
    """
    classes = scores.shape[1]
    rows = torch.bincount(targets, minlength=classes)
    right = torch.bincount(targets[scores.argmax(dim=1) == targets], minlength=classes) if len(targets) else rows
    present = rows > 0
    if not bool(present.any()):
        return math.nan
    return float((right[present].double() / rows[present]).mean())


def build_balanced_accuracy() -> Metric:
    """Return the function."""
    return balanced_accuracy


COMPONENT = Component(
    "metric",
    "balanced_accuracy",
    "The share of rows that are right, averaged over the classes: rare classes count as much as frequent ones.",
    features=("category",),
    build=build_balanced_accuracy,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
