"""The metric ``r2`` for numbers and vectors: the share of the variance that is explained."""

from __future__ import annotations

import math

from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def r2(scores: Tensor, targets: Tensor) -> float:
    """Return one minus the squared differences in parts of the targets' variance; nan where all are alike.

    Shape: two ``(row,)`` of numbers in their own unit.
    """
    targets = targets.double()
    rest = (scores.double() - targets).square().sum()
    spread = (targets - targets.mean()).square().sum()
    if len(targets) < 2 or not bool(spread > 0):
        return math.nan
    return float(1 - rest / spread)


def vector_r2(scores: Tensor, targets: Tensor) -> float:
    """Return the mean over the places of vectors, ``(row, place)``; those that are alike in all rows are left out."""
    each = [r2(scores[:, place], targets[:, place]) for place in range(targets.shape[1])]
    known = [value for value in each if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def build_r2() -> Metric:
    """Return the function for a number output."""
    return r2


def build_vector_r2() -> Metric:
    """Return the function for a vector output."""
    return vector_r2


NUMBER = Component(
    "metric",
    "r2",
    "The share of the variance that the answers explain: 1 is perfect, 0 is no better than the mean, less is worse.",
    features=("number",),
    build=build_r2,
    facts={"goal": "maximize", "range": [None, 1.0]},
)
VECTOR = Component(
    "metric",
    "r2",
    "The share of the variance that the answers explain, averaged over the places of the vectors: 1 is perfect.",
    features=("vector",),
    build=build_vector_r2,
    facts={"goal": "maximize", "range": [None, 1.0]},
)
