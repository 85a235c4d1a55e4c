"""The metric ``f1`` for binaries: the harmonic mean of precision and recall."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.precision import share
from declml.contracts import Metric
from declml_schema.declare import Component, Parameters, parameter


class F1Parameters(Parameters):
    """What a config may say about it."""

    threshold: float = parameter(
        0.5,
        "The probability from which an answer counts as true; larger finds fewer positives, with fewer false alarms.",
        ge=0,
        le=1,
    )


def build_f1(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan unless a row is positive or answered so."""

    def f1(scores: Tensor, targets: Tensor) -> float:
        answered, positive = scores >= threshold, targets > 0.5
        return share(2 * (answered & positive).sum(), answered.sum() + positive.sum())

    return f1


COMPONENT = Component(
    "metric",
    "f1",
    "The harmonic mean of precision and recall: high only where both are.",
    F1Parameters,
    features=("binary",),
    build=build_f1,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
