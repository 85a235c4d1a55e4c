"""Metrics of plug-in files: whatever is wrong with one becomes a sentence with its file and line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from declml.contracts import Metric
from declml.errors import UserProblem
from declml.run.components import line_in


def own_metric(name: str, file: Path, build: Callable[..., Any], parameters: Mapping[str, Any]) -> Metric:
    """Return the metric ``name`` of the plug-in ``file``, built with ``parameters``.

    That it cannot be built or called, or returns anything but one number, is a `UserProblem`.
    """

    def refused(error: Exception, rule: str) -> UserProblem:
        line = line_in(error, file)
        where = f" at line {line}" if line else ""
        return UserProblem(
            "broken-plugin",
            f"The metric '{name}' of '{file.name}' must {rule}; got {type(error).__name__}{where}: {error}.",
            path="code",
            hint="It is called as metric(scores, targets), two torch tensors of all rows, and returns a number.",
        )

    try:
        metric = build(**parameters)
    except Exception as error:
        raise refused(error, "build the function that computes it") from error
    if not callable(metric):
        raise UserProblem(
            "broken-plugin",
            f"The metric '{name}' of '{file.name}' must build a function of scores and targets; got {_said(metric)}.",
            path="code",
        )

    def guarded(scores: Any, targets: Any) -> float:
        try:
            answer = metric(scores, targets)
        except Exception as error:
            raise refused(error, "take scores and targets") from error
        number = _number(answer)
        if number is None:
            raise UserProblem(
                "broken-plugin",
                f"The metric '{name}' of '{file.name}' must return one number; got {_said(answer)}.",
                path="code",
                hint="Return float(...) of it, or of its mean.",
            )
        return number

    return guarded


def _number(answer: Any) -> float | None:
    """Return what a metric answered as a number: a float, or one in a tensor or an array; None for anything else."""
    if isinstance(answer, str) or (hasattr(answer, "shape") and math.prod(answer.shape) != 1):
        return None
    try:
        return float(answer.item() if hasattr(answer, "shape") else answer)
    except (TypeError, ValueError):
        return None


def _said(answer: Any) -> str:
    if hasattr(answer, "shape"):
        return f"a {type(answer).__name__} of shape {tuple(answer.shape)}"
    text = repr(answer)
    return text if len(text) <= 60 else f"a {type(answer).__name__}"
