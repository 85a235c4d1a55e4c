"""How the metrics of sets are declared that torchmetrics computes: told where a config names them."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from declml.components.metrics.threshold import SetThreshold
from declml.components.metrics.torchmetrics_call import Arrange, borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


def _scores(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    return scores.double(), targets.long(), scores.shape[1]


def _scores_of_items(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    return _scores(scores, targets) if bool((targets > 0).any()) else None


def set_metric(
    name: str, function: str, doc: str, *, goal: str, high: float | None, needs_items: bool = False
) -> Component:
    """Return the metric ``name``, which calls ``torchmetrics.functional.classification.multilabel_<function>``.

    With ``needs_items`` it is nan where no row has an item.
    """
    arrange: Arrange = _scores_of_items if needs_items else _scores
    return Component(
        "metric",
        name,
        doc,
        features=("set",),
        build=partial(borrowed, name, "classification", f"multilabel_{function}", arrange),
        facts={"goal": goal, "range": [0.0, high], "package": "torchmetrics"},
    )


class SetParameters(SetThreshold):
    """What a config may say about a metric of the items that are answered."""


def build_of_answers(
    name: str, function: str, average: str | None, before: tuple[Any, ...] = (), *, threshold: float = 0.5
) -> Metric:
    """Return ``torchmetrics.functional.classification.multilabel_<function>`` of the items that are answered.

    ``before`` are arguments that come before the number of items; without ``average`` it knows none.
    """

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        more = () if average is None else (0.5, average)
        return (scores >= threshold).long(), targets.long(), *before, scores.shape[1], *more

    return borrowed(name, "classification", f"multilabel_{function}", arrange)


def answered_set_metric(
    name: str, function: str, doc: str, *, average: str | None, before: tuple[Any, ...] = (), low: float = 0.0
) -> Component:
    """Return the metric ``name`` of the items from the output's threshold on; ``average`` says how items are joined."""
    return Component(
        "metric",
        name,
        doc,
        SetParameters,
        features=("set",),
        build=partial(build_of_answers, name, function, average, before),
        facts={"goal": "maximize", "range": [low, 1.0], "package": "torchmetrics"},
    )
