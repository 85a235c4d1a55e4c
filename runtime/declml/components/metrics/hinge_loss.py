"""The metric ``hinge_loss`` for binaries and categories, as torchmetrics computes it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


def build_binary_hinge_loss() -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; nan without rows."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        return scores.double(), (targets > 0.5).long()

    return borrowed("hinge_loss", "classification", "binary_hinge_loss", arrange)


def build_category_hinge_loss() -> Metric:
    """Return the function for ``(row, class)`` probabilities and class ids; nan without rows (Crammer and Singer)."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        return (scores.double(), targets, scores.shape[1]) if scores.shape[1] > 1 else None

    return borrowed("hinge_loss", "classification", "multiclass_hinge_loss", arrange)


_DOC = "How far the probability of the truth falls short of a lead of 1 over the best of the others: 0 is fully sure."
_FACTS = {"goal": "minimize", "range": [0.0, 2.0], "package": "torchmetrics"}

BINARY = Component("metric", "hinge_loss", _DOC, features=("binary",), build=build_binary_hinge_loss, facts=_FACTS)
CATEGORY = Component(
    "metric", "hinge_loss", _DOC, features=("category",), build=build_category_hinge_loss, facts=_FACTS
)
