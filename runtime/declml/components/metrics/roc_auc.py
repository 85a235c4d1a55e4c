"""The metric ``roc_auc``, for binaries, classes and sets: how well the scores rank positives above negatives."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def area_under_roc(scores: Tensor, positive: Tensor) -> float:
    """Return the chance that a positive row scores above a negative one, a tie counting half.

    Shape: ``(row,)`` scores and ``(row,)`` bool. It is nan unless there are rows of both kinds and all scores are
    numbers. Computed from ranks (Mann and Whitney, 1947), so no curve is drawn.
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if positives == 0 or negatives == 0 or bool(scores.isnan().any()):
        return math.nan
    _, group, sizes = torch.unique(scores, return_inverse=True, return_counts=True)
    last = sizes.cumsum(0)
    rank = (last - sizes).double() + (sizes.double() + 1) / 2  # of each distinct score, from 1, ties sharing their mean
    total = rank[group[positive]].sum()
    return float((total - positives * (positives + 1) / 2) / (positives * negatives))


def binary_roc_auc(scores: Tensor, targets: Tensor) -> float:
    """Return the area for ``(row,)`` probabilities and ``(row,)`` 0/1 targets."""
    return area_under_roc(scores, targets > 0.5)


def category_roc_auc(scores: Tensor, targets: Tensor) -> float:
    """Return the mean area of each class against all others, for ``(row, class)`` probabilities and class ids.

    Classes that have no row here, or all rows, are left out; nan where none is left.
    """
    return _mean_area(area_under_roc(scores[:, index], targets == index) for index in range(scores.shape[1]))


def distribution_roc_auc(scores: Tensor, targets: Tensor) -> float:
    """Return the mean area of the classes, a row being of the class with its largest share: two ``(row, class)``."""
    return category_roc_auc(scores, targets.argmax(dim=1))


def set_roc_auc(scores: Tensor, targets: Tensor) -> float:
    """Return the mean area of the items, for ``(row, item)`` probabilities and 0/1.

    Items that no row has here, or all rows, are left out; nan where none is left.
    """
    return _mean_area(area_under_roc(scores[:, index], targets[:, index] > 0) for index in range(scores.shape[1]))


def _mean_area(areas: Iterable[float]) -> float:
    known = [area for area in areas if not math.isnan(area)]
    return math.fsum(known) / len(known) if known else math.nan


def build_binary_roc_auc() -> Metric:
    """Return the function for a binary output."""
    return binary_roc_auc


def build_category_roc_auc() -> Metric:
    """Return the function for a category output."""
    return category_roc_auc


def build_distribution_roc_auc() -> Metric:
    """Return the function for a category_distribution output."""
    return distribution_roc_auc


def build_set_roc_auc() -> Metric:
    """Return the function for a set output."""
    return set_roc_auc


_FACTS = {"goal": "maximize", "range": [0.0, 1.0]}

BINARY = Component(
    "metric",
    "roc_auc",
    "The chance that a positive row gets a higher probability than a negative one; 0.5 is guessing.",
    features=("binary",),
    build=build_binary_roc_auc,
    facts=_FACTS,
)
CATEGORY = Component(
    "metric",
    "roc_auc",
    "The chance that a row of a class gets a higher probability for it than another row, averaged over the classes.",
    features=("category",),
    build=build_category_roc_auc,
    facts=_FACTS,
)
DISTRIBUTION = Component(
    "metric",
    "roc_auc",
    "The chance that a row with its largest share in a class gets more of it than another, averaged over the classes.",
    features=("category_distribution",),
    build=build_distribution_roc_auc,
    facts=_FACTS,
)
SET = Component(
    "metric",
    "roc_auc",
    "The chance that a row with an item gets a higher probability for it than a row without, averaged over the items.",
    features=("set",),
    build=build_set_roc_auc,
    facts=_FACTS,
)
