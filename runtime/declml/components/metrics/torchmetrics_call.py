"""Calls into torchmetrics, for the metrics that declml does not compute itself; its import takes seconds."""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from torch import Tensor

from declml.contracts import Metric
from declml.errors import UserProblem

Arrange: TypeAlias = Callable[[Any, Any], tuple[Any, ...] | None]
"""Scores and targets -> the positional arguments of a function of torchmetrics, or None where the metric is nan.

Both are as `declml.contracts.Metric` has them."""
Room: TypeAlias = Literal["classification", "regression", "text", "clustering", "nominal"]


def borrowed(name: str, room: Room, function: str, arrange: Arrange) -> Metric:
    """Return a metric that calls ``torchmetrics.functional.<room>.<function>``, importing it at its first call.

    ``name`` is the metric's in a config. Raises `UserProblem` at once when torchmetrics is not installed, so that no
    training runs in vain.
    """
    return borrowed_part(name, room, function, arrange, float)


def borrowed_part(name: str, room: Room, function: str, arrange: Arrange, take: Callable[[Any], float]) -> Metric:
    """Return what `borrowed` does, where ``take`` makes a number of what the function answers."""
    if importlib.util.find_spec("torchmetrics") is None:
        raise UserProblem(
            "missing-extra",
            f"The metric '{name}' must have torchmetrics to compute it; got an environment without that package.",
            hint="Install it with: pip install 'declml[metrics]'",
        )

    def metric(scores: Any, targets: Any) -> float:
        arguments = arrange(scores, targets) if len(targets) else None
        if arguments is None:
            return math.nan
        with warnings.catch_warnings():  # torchmetrics warns of what `arrange` already answers with nan
            warnings.simplefilter("ignore")
            # Here, because it takes seconds.
            own: Any = importlib.import_module(f"torchmetrics.functional.{room}")

            return take(getattr(own, function)(*arguments))

    return metric


def two_numbers(scores: Tensor, targets: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return both in double precision, or None unless both vary: a correlation needs two values of each."""
    scores, targets = scores.double(), targets.double()
    if len(targets) < 2 or not bool((scores != scores[0]).any()) or not bool((targets != targets[0]).any()):
        return None
    return scores, targets
