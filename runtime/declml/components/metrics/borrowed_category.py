"""How the metrics of categories are declared that torchmetrics computes: told where a config names them."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, TypeAlias

from torch import Tensor

from declml.components.metrics.torchmetrics_call import borrowed
from declml_schema.declare import Component

Average: TypeAlias = Literal["macro", "weighted", "micro"]


def answers(average: Average, scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return the answered classes and the true ones, their number and how they are averaged."""
    return scores.argmax(dim=1), targets, scores.shape[1], average


def probabilities(average: Average, scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return the probabilities and the true classes, their number and how they are averaged."""
    return scores.double(), targets, scores.shape[1], average


def both_varied(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return the answered classes and the true ones, where each has two at least: one alone tells nothing."""
    said = scores.argmax(dim=1)
    return (said, targets) if len(said.unique()) > 1 and len(targets.unique()) > 1 else None


def agreement_metric(
    name: str, room: Literal["clustering", "nominal"], function: str, doc: str, *, low: float = 0.0, high: float | None
) -> Component:
    """Return the metric ``name``, which asks ``torchmetrics.functional.<room>`` how far two groupings of rows agree."""
    return Component(
        "metric",
        name,
        doc,
        features=("category",),
        build=partial(borrowed, name, room, function, both_varied),
        facts={"goal": "maximize", "range": [low, high], "package": "torchmetrics"},
    )


def category_metric(name: str, function: str, arrange: Any, average: Average, doc: str) -> Component:
    """Return the metric ``name``, which calls ``torchmetrics.functional.classification.multiclass_<function>``."""
    return Component(
        "metric",
        name,
        doc,
        features=("category",),
        build=partial(borrowed, name, "classification", f"multiclass_{function}", partial(arrange, average)),
        facts={"goal": "maximize", "range": [0.0, 1.0], "package": "torchmetrics"},
    )
