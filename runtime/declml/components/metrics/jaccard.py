"""The metric ``jaccard``, for sets, binaries and categories: what answers and truth share, of all that either has."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from declml.components.metrics.precision import share
from declml.components.metrics.threshold import BinaryThreshold, SetThreshold
from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


class BinaryJaccardParameters(BinaryThreshold):
    """What a config may say about it."""


class SetJaccardParameters(SetThreshold):
    """What a config may say about it."""


def build_set_jaccard(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row, item)`` probabilities and 0/1 targets: the mean over rows; nan without rows.

    Where neither the answer nor the truth has an item, they agree.
    """

    def jaccard(scores: Tensor, targets: Tensor) -> float:
        if len(targets) == 0:
            return math.nan
        answered, there = scores >= threshold, targets > 0
        shared, either = (answered & there).sum(dim=1).double(), (answered | there).sum(dim=1)
        return float((shared / either).where(either > 0, 1.0).mean())

    return jaccard


def build_binary_jaccard(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan unless a row is positive or answered so."""

    def jaccard(scores: Tensor, targets: Tensor) -> float:
        answered, there = scores >= threshold, targets > 0.5
        return share((answered & there).sum(), (answered | there).sum())

    return jaccard


def build_category_jaccard() -> Metric:
    """Return the mean over the classes, for ``(row, class)`` probabilities and class ids; nan without rows."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        return scores.argmax(dim=1), targets, scores.shape[1], "macro"

    return borrowed("jaccard", "classification", "multiclass_jaccard_index", arrange)


_FACTS = {"goal": "maximize", "range": [0.0, 1.0]}

SET = Component(
    "metric",
    "jaccard",
    "The share of items in both the answer and the truth, of those in either, averaged over the rows.",
    SetJaccardParameters,
    features=("set",),
    build=build_set_jaccard,
    facts=_FACTS,
)
BINARY = Component(
    "metric",
    "jaccard",
    "The share of rows that are positive and answered so, of those that are either.",
    BinaryJaccardParameters,
    features=("binary",),
    build=build_binary_jaccard,
    facts={**_FACTS, "on_request": True},
)
CATEGORY = Component(
    "metric",
    "jaccard",
    "The share of rows that are of a class and answered so, of those that are either, averaged over the classes.",
    features=("category",),
    build=build_category_jaccard,
    facts={**_FACTS, "package": "torchmetrics"},
)
