"""The metric ``accuracy``, for binaries and categories: the share of answers that are right."""

from __future__ import annotations

from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component, Parameters, parameter


class BinaryAccuracyParameters(Parameters):
    """What a config may say about it."""

    threshold: float = parameter(
        0.5,
        "The probability from which an answer counts as true; larger finds fewer positives, with fewer false alarms.",
        ge=0,
        le=1,
    )


def build_binary_accuracy(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan without rows."""

    def accuracy(scores: Tensor, targets: Tensor) -> float:
        return float(((scores >= threshold) == (targets > 0.5)).double().mean())

    return accuracy


def build_category_accuracy() -> Metric:
    """Return the function for ``(row, class)`` probabilities and ``(row,)`` class ids; nan without rows."""
    return _category_accuracy


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
