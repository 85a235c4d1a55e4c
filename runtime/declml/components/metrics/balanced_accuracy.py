"""The metric ``balanced_accuracy``, for binaries and categories: mean recall, rare classes counting fully."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from declml.components.metrics.threshold import BinaryThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class BinaryBalancedAccuracyParameters(BinaryThreshold):
    """What a config may say about it."""


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


def build_binary_balanced_accuracy(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan without rows."""

    def binary_balanced_accuracy(scores: Tensor, targets: Tensor) -> float:
        answers = torch.stack([scores < threshold, scores >= threshold], dim=1).double()
        return balanced_accuracy(answers, (targets > 0.5).long())

    return binary_balanced_accuracy


CATEGORY = Component(
    "metric",
    "balanced_accuracy",
    "The share of rows that are right, averaged over the classes: rare classes count as much as frequent ones.",
    features=("category",),
    build=build_balanced_accuracy,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
BINARY = Component(
    "metric",
    "balanced_accuracy",
    "The mean of recall and specificity: both values count alike, however rare one is.",
    BinaryBalancedAccuracyParameters,
    features=("binary",),
    build=build_binary_balanced_accuracy,
    facts={"goal": "maximize", "range": [0.0, 1.0], "on_request": True},
)
