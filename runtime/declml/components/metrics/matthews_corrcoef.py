"""The metric ``matthews_corrcoef``, for binaries, categories and sets: correlation of answers and truth."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.borrowed_set import answered_set_metric
from declml.components.metrics.threshold import BinaryThreshold
from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


class BinaryMatthewsCorrcoefParameters(BinaryThreshold):
    """What a config may say about it."""


def build_binary_matthews_corrcoef(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan where answers or truths are all alike."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        answers, truths = (scores >= threshold).long(), (targets > 0.5).long()
        return (answers, truths) if _varied(answers) and _varied(truths) else None

    return borrowed("matthews_corrcoef", "classification", "binary_matthews_corrcoef", arrange)


def build_category_matthews_corrcoef() -> Metric:
    """Return the function for ``(row, class)`` probabilities and class ids; nan where either are all alike."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        answers = scores.argmax(dim=1)
        return (answers, targets, scores.shape[1]) if _varied(answers) and _varied(targets) else None

    return borrowed("matthews_corrcoef", "classification", "multiclass_matthews_corrcoef", arrange)


def _varied(values: Tensor) -> bool:
    return bool((values != values[0]).any())


_DOC = "The correlation of answers and truth: 1 is perfect, 0 is guessing; honest also where one class is rare."
_FACTS = {"goal": "maximize", "range": [-1.0, 1.0], "package": "torchmetrics"}

BINARY = Component(
    "metric",
    "matthews_corrcoef",
    _DOC,
    BinaryMatthewsCorrcoefParameters,
    features=("binary",),
    build=build_binary_matthews_corrcoef,
    facts=_FACTS,
)
CATEGORY = Component(
    "metric", "matthews_corrcoef", _DOC, features=("category",), build=build_category_matthews_corrcoef, facts=_FACTS
)
SET = answered_set_metric(
    "matthews_corrcoef", "matthews_corrcoef",
    "The correlation of all answered items with those that are there: 0 is guessing.",
    average=None, low=-1.0,
)  # fmt: skip
