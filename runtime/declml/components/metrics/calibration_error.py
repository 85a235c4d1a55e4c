"""The metric ``calibration_error``, for binaries and categories: do probabilities mean what they say?"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component

_BINS = 15  # the count of Guo et al., 2017, which made the measure usual


def build_binary_calibration_error() -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan without rows."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        return scores.double(), (targets > 0.5).long(), _BINS, "l1"

    return borrowed("calibration_error", "classification", "binary_calibration_error", arrange)


def build_category_calibration_error() -> Metric:
    """Return it for ``(row, class)`` probabilities of which the largest counts, and class ids; nan without rows."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        return scores.double(), targets, scores.shape[1], _BINS, "l1"

    return borrowed("calibration_error", "classification", "multiclass_calibration_error", arrange)


_DOC = "How far probabilities are from how often they come true, over 15 bins: at 0, 0.8 comes true 8 times in 10."
_FACTS = {"goal": "minimize", "range": [0.0, 1.0], "package": "torchmetrics"}

BINARY = Component(
    "metric", "calibration_error", _DOC, features=("binary",), build=build_binary_calibration_error, facts=_FACTS
)
CATEGORY = Component(
    "metric", "calibration_error", _DOC, features=("category",), build=build_category_calibration_error, facts=_FACTS
)
