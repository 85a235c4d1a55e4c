"""The metric ``recall`` for binaries: the share of positives that are found."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.precision import share
from declml.contracts import Metric
from declml_schema.declare import Component, Parameters, parameter


class RecallParameters(Parameters):
    """What a config may say about it."""

    threshold: float = parameter(
        0.5,
        "The probability from which an answer counts as true; larger finds fewer positives, with fewer false alarms.",
        ge=0,
        le=1,
    )


def build_recall(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan unless there is a positive row."""

    def recall(scores: Tensor, targets: Tensor) -> float:
        positive = targets > 0.5
        return share(((scores >= threshold) & positive).sum(), positive.sum())

    return recall


COMPONENT = Component(
    "metric",
    "recall",
    "The share of positive rows that are found: misses lower it.",
    RecallParameters,
    features=("binary",),
    build=build_recall,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
