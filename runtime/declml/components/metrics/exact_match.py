"""The metric ``exact_match`` for sets: the share of rows whose items are all right."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.threshold import SetThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class ExactMatchParameters(SetThreshold):
    """What a config may say about it."""


def build_exact_match(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row, item)`` probabilities and 0/1 targets; nan without rows."""

    def exact_match(scores: Tensor, targets: Tensor) -> float:
        return float(((scores >= threshold) == (targets > 0)).all(dim=1).double().mean())

    return exact_match


COMPONENT = Component(
    "metric",
    "exact_match",
    "The share of rows whose answer has all items of the truth and no other.",
    ExactMatchParameters,
    features=("set",),
    build=build_exact_match,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
