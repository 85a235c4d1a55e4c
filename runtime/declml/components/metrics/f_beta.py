"""F1 with more weight on recall or on precision: what ``f2`` and ``f05`` compute."""

from __future__ import annotations

from torch import Tensor

from declml.components.metrics.precision import share
from declml.contracts import Metric


def build_f_beta(*, beta: float, threshold: float = 0.5) -> Metric:
    """Return the function for ``(row,)`` probabilities and 0/1 targets; recall counts ``beta`` times (van Rijsbergen).

    It is nan unless a row is positive or answered so.
    """

    def f_beta(scores: Tensor, targets: Tensor) -> float:
        answered, positive = scores >= threshold, targets > 0.5
        right = (answered & positive).sum()
        return share((1 + beta**2) * right, answered.sum() + beta**2 * positive.sum())

    return f_beta
