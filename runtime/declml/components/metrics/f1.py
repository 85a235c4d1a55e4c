"""The metric ``f1``, for binaries and sets: the harmonic mean of precision and recall."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.precision import share
from declml.components.metrics.threshold import BinaryThreshold, SetThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class BinaryF1Parameters(BinaryThreshold):
    """What a config may say about it."""


class SetF1Parameters(SetThreshold):
    """What a config may say about it."""


def build_f1(*, threshold: float = 0.5) -> Metric:
    """Return the function for probabilities, ``(row,)`` or ``(row, item)``, and 0/1 targets.

    It is nan unless something is positive or answered so.
    """

    def f1(scores: Tensor, targets: Tensor) -> float:
        answered, positive = scores >= threshold, targets > 0.5
        return share(2 * (answered & positive).sum(), answered.sum() + positive.sum())

    return f1


BINARY = Component(
    "metric",
    "f1",
    "The harmonic mean of precision and recall: high only where both are.",
    BinaryF1Parameters,
    features=("binary",),
    build=build_f1,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
SET = Component(
    "metric",
    "f1",
    "The harmonic mean of precision and recall over the items of all rows together.",
    SetF1Parameters,
    features=("set",),
    build=build_f1,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
