"""The metric ``f05_macro`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


def build_f05_macro() -> Metric:
    """Return the function for ``(row, class)`` probabilities and class ids; nan without rows."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        return scores.argmax(dim=1), targets, 0.5, scores.shape[1], "macro"

    return borrowed("f05_macro", "classification", "multiclass_fbeta_score", arrange)


COMPONENT = Component(
    "metric",
    "f05_macro",
    "As f1_macro, but precision counts twice as much as recall: for where a false alarm costs more than a miss.",
    features=("category",),
    build=build_f05_macro,
    facts={"goal": "maximize", "range": [0.0, 1.0], "package": "torchmetrics"},
)
