"""Metrics of one probability against the rest: of a binary as they are, of several classes or items averaged."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from declml.components.metrics.torchmetrics_call import borrowed_part
from declml.contracts import Metric
from declml_schema.declare import Component

NINE_OF_TEN = 0.9 - 1e-6
"""A share of 90 %; torchmetrics compares in single precision, where 9 of 10 are less than 0.9."""


def build_one(name: str, function: str, more: tuple[Any, ...], first: bool) -> Metric:  # noqa: FBT001 - fixed by a file
    """Return ``torchmetrics.functional.classification.binary_<function>`` for ``(row,)`` probabilities and 0/1.

    ``more`` are its other arguments; with ``first`` it answers several numbers, of which the first is taken. It is nan
    unless there are rows of both kinds.
    """

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        there = targets > 0.5
        return (scores.double(), there.long(), *more) if bool(there.any() and not there.all()) else None

    return borrowed_part(name, "classification", f"binary_{function}", arrange, _first if first else float)


def _first(answer: Any) -> float:
    return float(answer[0])


def build_mean(build: Callable[[], Metric]) -> Metric:
    """Return the mean over the classes or items that some rows have and others have not; nan where there are none.

    Shape: ``(row, class)`` probabilities, and ``(row,)`` ids or ``(row, class)`` 0/1.
    """
    one = build()

    def metric(scores: Tensor, targets: Tensor) -> float:
        if not len(targets):
            return math.nan
        there = torch.nn.functional.one_hot(targets, scores.shape[1]) if targets.ndim == 1 else targets
        told = [one(scores[:, place], there[:, place]) for place in range(scores.shape[1])]
        known = [each for each in told if not math.isnan(each)]
        return sum(known) / len(known) if known else math.nan

    return metric


def curve_metrics(
    name: str, function: str, doc: str, *, goal: str, more: tuple[Any, ...] = (), first: bool = False
) -> tuple[Component, Component, Component]:
    """Return the metric ``name`` of binaries, categories and sets."""
    one = partial(build_one, name, function, more, first)
    facts = {"goal": goal, "range": [0.0, 1.0], "package": "torchmetrics"}
    mean = partial(build_mean, one)
    return (
        Component("metric", name, f"{doc}.", features=("binary",), build=one, facts=facts),
        Component(
            "metric", name, f"{doc}; the mean over the classes.", features=("category",), build=mean, facts=facts
        ),
        Component("metric", name, f"{doc}; the mean over the items.", features=("set",), build=mean, facts=facts),
    )
