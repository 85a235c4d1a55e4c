"""The metric ``gamma_deviance`` for numbers: torchmetrics' Tweedie deviance of power 2."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from declml.components.metrics.borrowed_number import above_zero, number_metric


def _deviance(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
    arranged = above_zero(scores, targets)
    return arranged and (*arranged, 2.0)


COMPONENT = number_metric(
    "gamma_deviance", "tweedie_deviance_score", _deviance,
    "As mean_squared_error of sizes that spread in proportion to their mean (gamma); nan for targets of 0 or less.",
    goal="minimize", low=0.0, high=None,
)  # fmt: skip
