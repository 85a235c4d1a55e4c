"""The metric ``hamming_distance`` for sets: the share of items that are answered wrong."""

from __future__ import annotations

import math

from torch import Tensor

from declml.components.metrics.threshold import SetThreshold
from declml.contracts import Metric
from declml_schema.declare import Component


class HammingDistanceParameters(SetThreshold):
    """What a config may say about it."""


def build_hamming_distance(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row, item)`` probabilities and 0/1 targets; nan without rows."""

    def hamming_distance(scores: Tensor, targets: Tensor) -> float:
        if len(targets) == 0:
            return math.nan
        return float(((scores >= threshold) != (targets > 0)).double().mean())

    return hamming_distance


COMPONENT = Component(
    "metric",
    "hamming_distance",
    "The share of all items in all rows that are answered wrong: there where they are not, or the other way round.",
    HammingDistanceParameters,
    features=("set",),
    build=build_hamming_distance,
    facts={"goal": "minimize", "range": [0.0, 1.0]},
)
