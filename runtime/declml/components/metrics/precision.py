"""The metric ``precision``, for binaries and sets: the share of positive answers that are right."""

from __future__ import annotations

import math

from torch import Tensor

from declml.components.metrics.threshold import BinaryThreshold, SetThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class BinaryPrecisionParameters(BinaryThreshold):
    """What a config may say about it."""


class SetPrecisionParameters(SetThreshold):
    """What a config may say about it."""


def build_precision(*, threshold: float = 0.5) -> Metric:
    """Return the function for probabilities, ``(row,)`` or ``(row, item)``, and 0/1 targets.

    It is nan unless something is answered positive.
    """

    def precision(scores: Tensor, targets: Tensor) -> float:
        answered = scores >= threshold
        return share((answered & (targets > 0.5)).sum(), answered.sum())

    return precision


def share(part: Tensor, whole: Tensor) -> float:
    """Return two counts' ratio, nan where there is nothing to take a share of."""
    return float(part) / float(whole) if whole else math.nan


BINARY = Component(
    "metric",
    "precision",
    "The share of positive answers that are right: false alarms lower it.",
    BinaryPrecisionParameters,
    features=("binary",),
    build=build_precision,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
SET = Component(
    "metric",
    "precision",
    "The share of predicted items, of all rows together, that are right: false ones lower it.",
    SetPrecisionParameters,
    features=("set",),
    build=build_precision,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
