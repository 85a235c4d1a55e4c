"""The metric ``cohen_kappa``, for binaries and categories: agreement beyond chance."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.threshold import BinaryThreshold
from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


class BinaryCohenKappaParameters(BinaryThreshold):
    """What a config may say about it."""


def build_binary_cohen_kappa(*, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan where chance alone agrees always."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        answers, truths = (scores >= threshold).long(), (targets > 0.5).long()
        return (answers, truths) if _varied(answers, truths) else None

    return borrowed("cohen_kappa", "classification", "binary_cohen_kappa", arrange)


def build_category_cohen_kappa() -> Metric:
    """Return the function for ``(row, class)`` probabilities and class ids; nan where chance alone agrees always."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        answers = scores.argmax(dim=1)
        return (answers, targets, max(2, scores.shape[1])) if _varied(answers, targets) else None

    return borrowed("cohen_kappa", "classification", "multiclass_cohen_kappa", arrange)


def _varied(answers: Tensor, truths: Tensor) -> bool:
    return bool((answers != answers[0]).any() or (truths != answers[0]).any())


_DOC = "Agreement of answers and truth beyond chance: 1 is perfect, 0 is what guessing by the frequencies would reach."
_FACTS = {"goal": "maximize", "range": [-1.0, 1.0], "package": "torchmetrics"}

BINARY = Component(
    "metric",
    "cohen_kappa",
    _DOC,
    BinaryCohenKappaParameters,
    features=("binary",),
    build=build_binary_cohen_kappa,
    facts=_FACTS,
)
CATEGORY = Component(
    "metric", "cohen_kappa", _DOC, features=("category",), build=build_category_cohen_kappa, facts=_FACTS
)
