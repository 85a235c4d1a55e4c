"""The metric ``f1_macro``, for categories and sets: the F1 of each class or item against the others, averaged."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from declml.components.metrics.threshold import SetThreshold
from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


class SetF1MacroParameters(SetThreshold):
    """What a config may say about it."""


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


def build_set_f1_macro(*, threshold: float = 0.5) -> Metric:
    """Return the mean over the items for ``(row, item)`` probabilities and 0/1; nan without rows."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        return (scores >= threshold).long(), targets.long(), scores.shape[1]

    return borrowed("f1_macro", "classification", "multilabel_f1_score", arrange)


CATEGORY = Component(
    "metric",
    "f1_macro",
    "The harmonic mean of precision and recall, averaged over the classes, rare ones counting fully.",
    features=("category",),
    build=build_f1_macro,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
SET = Component(
    "metric",
    "f1_macro",
    "The harmonic mean of precision and recall of each item, averaged over the items, rare ones counting fully.",
    SetF1MacroParameters,
    features=("set",),
    build=build_set_f1_macro,
    facts={"goal": "maximize", "range": [0.0, 1.0], "package": "torchmetrics"},
)
