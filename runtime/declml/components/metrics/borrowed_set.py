"""How the metrics of sets are declared that torchmetrics computes: told where a config names them."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from declml.components.metrics.torchmetrics_call import Arrange, borrowed
from declml_schema.declare import Component


def _scores(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    return scores.double(), targets.long(), scores.shape[1]


def set_metric(name: str, function: str, doc: str, *, goal: str, high: float | None) -> Component:
    """Return the metric ``name``, which calls ``torchmetrics.functional.classification.multilabel_<function>``."""
    arrange: Arrange = _scores
    return Component(
        "metric",
        name,
        doc,
        features=("set",),
        build=partial(borrowed, name, "classification", f"multilabel_{function}", arrange),
        facts={"goal": goal, "range": [0.0, high], "package": "torchmetrics"},
    )
