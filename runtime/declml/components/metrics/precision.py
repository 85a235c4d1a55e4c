"""The metric ``precision`` for binaries: the share of positive answers that are right."""

from __future__ import annotations

import math

from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component, Parameters, parameter


class PrecisionParameters(Parameters):
    """What a config may say about it."""

    threshold: float = parameter(
        0.5,
        "The probability from which an answer counts as true; larger finds fewer positives, with fewer false alarms.",
        ge=0,
        le=1,
    )


def build_precision(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan unless a row is answered positive."""

    def precision(scores: Tensor, targets: Tensor) -> float:
        answered = scores >= threshold
        return share((answered & (targets > 0.5)).sum(), answered.sum())

    return precision


def share(part: Tensor, whole: Tensor) -> float:
    """Return two counts' ratio, nan where there is nothing to take a share of."""
    return float(part) / float(whole) if whole else math.nan


COMPONENT = Component(
    "metric",
    "precision",
    "The share of positive answers that are right: false alarms lower it.",
    PrecisionParameters,
    features=("binary",),
    build=build_precision,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
