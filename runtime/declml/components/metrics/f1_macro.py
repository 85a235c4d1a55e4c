"""The metric ``f1_macro`` for categories: the F1 of each class against the others, averaged."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def f1_macro(scores: Tensor, targets: Tensor) -> float:
    """Return the mean F1 of the classes that occur among targets or answers; nan without rows.

    Shape: ``(row, class)`` probabilities and ``(row,)`` class ids.
    """
    if len(targets) == 0:
        return math.nan
    classes = scores.shape[1]
    answers = scores.argmax(dim=1)
    occurrences = torch.bincount(targets, minlength=classes) + torch.bincount(answers, minlength=classes)
    right = torch.bincount(targets[answers == targets], minlength=classes)
    present = occurrences > 0
    return float((2 * right[present].double() / occurrences[present]).mean())


def build_f1_macro() -> Metric:
    """Return the function."""
    return f1_macro


COMPONENT = Component(
    "metric",
    "f1_macro",
    "The harmonic mean of precision and recall, averaged over the classes, rare ones counting fully.",
    features=("category",),
    build=build_f1_macro,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
