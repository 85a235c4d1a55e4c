"""The metric ``specificity`` for binaries and sets: the share of negatives that are left alone."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.borrowed_set import answered_set_metric
from declml.components.metrics.precision import share
from declml.components.metrics.threshold import BinaryThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class SpecificityParameters(BinaryThreshold):
    """What a config may say about it."""


def build_specificity(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan unless there is a negative row."""

    def specificity(scores: Tensor, targets: Tensor) -> float:
        negative = targets <= 0.5
        return share(((scores < threshold) & negative).sum(), negative.sum())

    return specificity


COMPONENT = Component(
    "metric",
    "specificity",
    "The share of negative rows that are answered negative: false alarms lower it.",
    SpecificityParameters,
    features=("binary",),
    build=build_specificity,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
SET = answered_set_metric(
    "specificity", "specificity",
    "The share of items that are not there and not answered: false ones lower it.",
    average="micro",
)  # fmt: skip
