"""The metric ``f2_macro`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


def build_f2_macro() -> Metric:
    """Return the function for ``(row, class)`` probabilities and class ids; nan without rows."""

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        return scores.argmax(dim=1), targets, 2.0, scores.shape[1], "macro"

    return borrowed("f2_macro", "classification", "multiclass_fbeta_score", arrange)


COMPONENT = Component(
    "metric",
    "f2_macro",
    "As f1_macro, but recall counts twice as much as precision: for where a miss costs more than a false alarm.",
    features=("category",),
    build=build_f2_macro,
    facts={"goal": "maximize", "range": [0.0, 1.0], "package": "torchmetrics"},
)
