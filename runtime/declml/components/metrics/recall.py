"""The metric ``recall``, for binaries and sets: the share of positives that are found."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.precision import share
from declml.components.metrics.threshold import BinaryThreshold, SetThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class BinaryRecallParameters(BinaryThreshold):
    """What a config may say about it."""


class SetRecallParameters(SetThreshold):
    """What a config may say about it."""


def build_recall(*, threshold: float = 0.5) -> Metric:
    """Return the function for probabilities, ``(row,)`` or ``(row, item)``, and 0/1 targets; nan without positives."""

    def recall(scores: Tensor, targets: Tensor) -> float:
        positive = targets > 0.5
        return share(((scores >= threshold) & positive).sum(), positive.sum())

    return recall


BINARY = Component(
    "metric",
    "recall",
    "The share of positive rows that are found: misses lower it.",
    BinaryRecallParameters,
    features=("binary",),
    build=build_recall,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
SET = Component(
    "metric",
    "recall",
    "The share of the items that are there, of all rows together, that are predicted.",
    SetRecallParameters,
    features=("set",),
    build=build_recall,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
