"""The metric ``negative_predictive_value`` for binaries: the share of negative answers that are right."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.precision import share
from declml.components.metrics.threshold import BinaryThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class NegativePredictiveValueParameters(BinaryThreshold):
    """What a config may say about it."""


def build_negative_predictive_value(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan unless a row is answered negative."""

    def negative_predictive_value(scores: Tensor, targets: Tensor) -> float:
        answered = scores < threshold
        return share((answered & (targets <= 0.5)).sum(), answered.sum())

    return negative_predictive_value


COMPONENT = Component(
    "metric",
    "negative_predictive_value",
    "The share of negative answers that are right: misses lower it.",
    NegativePredictiveValueParameters,
    features=("binary",),
    build=build_negative_predictive_value,
    facts={"goal": "maximize", "range": [0.0, 1.0], "on_request": True},
)
