"""The metric ``poisson_deviance`` for numbers: torchmetrics' Tweedie deviance of power 1."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.borrowed_number import not_below_zero, number_metric


def _deviance(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    arranged = not_below_zero(scores, targets)
    return arranged and (*arranged, 1.0)


COMPONENT = number_metric(
    "poisson_deviance", "tweedie_deviance_score", _deviance,
    "How surprising counts are where answers are their means (Poisson); nan where a target is below 0.",
    goal="minimize", low=0.0, high=None,
)  # fmt: skip
