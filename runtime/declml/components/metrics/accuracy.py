"""The metric ``accuracy``, for binaries, categories and their distributions: the share of answers that are right."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.threshold import BinaryThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class BinaryAccuracyParameters(BinaryThreshold):
    """What a config may say about it."""


def build_binary_accuracy(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan without rows."""

    def accuracy(scores: Tensor, targets: Tensor) -> float:
        return float(((scores >= threshold) == (targets > 0.5)).double().mean())

    return accuracy


def build_category_accuracy() -> Metric:
    """Return the function for ``(row, class)`` probabilities and ``(row,)`` class ids; nan without rows."""
    return _category_accuracy


def build_distribution_accuracy() -> Metric:
    """Return the function for ``(row, class)`` probabilities and ``(row, class)`` shares; nan without rows."""
    return _distribution_accuracy


def _distribution_accuracy(scores: Tensor, targets: Tensor) -> float:
    return _category_accuracy(scores, targets.argmax(dim=1))


def _category_accuracy(scores: Tensor, targets: Tensor) -> float:
    return float((scores.argmax(dim=1) == targets).double().mean())


_FACTS = {"goal": "maximize", "range": [0.0, 1.0]}

BINARY = Component(
    "metric",
    "accuracy",
    "The share of rows whose answer is right.",
    BinaryAccuracyParameters,
    features=("binary",),
    build=build_binary_accuracy,
    facts=_FACTS,
)
CATEGORY = Component(
    "metric",
    "accuracy",
    "The share of rows whose most probable class is the true one.",
    features=("category",),
    build=build_category_accuracy,
    facts=_FACTS,
)
DISTRIBUTION = Component(
    "metric",
    "accuracy",
    "The share of rows whose most probable class is the one with the largest share in truth.",
    features=("category_distribution",),
    build=build_distribution_accuracy,
    facts=_FACTS,
)
