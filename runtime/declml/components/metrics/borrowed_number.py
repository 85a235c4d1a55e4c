"""How the metrics of numbers are declared that torchmetrics computes: told where a config names them."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from declml.components.metrics.torchmetrics_call import Arrange, borrowed
from declml_schema.declare import Component


def doubles(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return both in double precision."""
    return scores.double(), targets.double()


def varied_targets(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return both where the targets are not all alike: nothing can be in parts of a spread of 0."""
    return (scores.double(), targets.double()) if bool((targets != targets[0]).any()) else None


def by_deviation(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return both and what the differences are parts of: the deviation of the targets, where there is one."""
    arranged = varied_targets(scores, targets)
    return arranged and (*arranged, "std")


def above_minus_one(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return both where they have logarithms of 1 + x; answers below 0 count as 0."""
    return (scores.double().clamp_min(0), targets.double()) if bool((targets > -1).all()) else None


def not_all_zero(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return both where the targets have a size to take parts of."""
    return (scores.double(), targets.double()) if bool((targets != 0).any()) else None


def number_metric(
    name: str, function: str, arrange: Arrange, doc: str, *, goal: str, low: float | None, high: float | None
) -> Component:
    """Return the metric ``name``, which calls ``torchmetrics.functional.regression.<function>``."""
    return Component(
        "metric",
        name,
        doc,
        features=("number",),
        build=partial(borrowed, name, "regression", function, arrange),
        facts={"goal": goal, "range": [low, high], "package": "torchmetrics"},
    )
