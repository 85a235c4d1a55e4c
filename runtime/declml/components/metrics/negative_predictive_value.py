"""The metric ``negative_predictive_value`` for binaries, categories and sets: how many negative answers are right."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.borrowed_category import answers, category_metric
from declml.components.metrics.borrowed_set import answered_set_metric
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
SET = answered_set_metric(
    "negative_predictive_value", "negative_predictive_value",
    "The share of items that are not answered and rightly so: missed ones lower it.",
    average="micro",
)  # fmt: skip
CATEGORY = category_metric(
    "negative_predictive_value", "negative_predictive_value", answers, "macro",
    "The share of answers other than a class that are right to be so, averaged over the classes.",
)  # fmt: skip
