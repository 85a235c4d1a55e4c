"""How the metrics of numbers are declared that torchmetrics computes: told where a config names them."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from declml.components.metrics.torchmetrics_call import Arrange, borrowed
from declml.contracts import Metric
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


def above_zero(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return both where the targets are above 0; answers count as the smallest step of a double at least."""
    if not bool((targets > 0).all()):
        return None
    return scores.double().clamp_min(torch.finfo(torch.float64).eps), targets.double()


def not_below_zero(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    """Return both where no target is below 0; answers count as the smallest step of a double at least."""
    if not bool((targets >= 0).all()):
        return None
    return scores.double().clamp_min(torch.finfo(torch.float64).eps), targets.double()


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


def build_over_places(name: str, function: str, arrange: Arrange) -> Metric:
    """Return the mean of a metric of numbers over the places of vectors where it is a number; nan where it never is.

    Shape: two ``(row, place)``.
    """
    one = borrowed(name, "regression", function, arrange)

    def metric(scores: Tensor, targets: Tensor) -> float:
        told = [one(scores[:, place], targets[:, place]) for place in range(targets.shape[1])]
        known = [each for each in told if not math.isnan(each)]
        return sum(known) / len(known) if known else math.nan

    return metric


def vector_metric(number: Component, function: str, arrange: Arrange) -> Component:
    """Return a metric of numbers for vectors: its mean over their places."""
    return replace(
        number,
        doc=f"{number.doc} The mean over the places of a vector.",
        features=("vector",),
        build=partial(build_over_places, number.name, function, arrange),
    )
