"""Whether probabilities mean what they say, and the temperature that makes them (Guo et al., 2017)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Surprise: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Answers and targets -> how far they are apart, a scalar with gradients."""

BINS = 15
"""As many as in Guo et al., which made the measure usual."""
_LOWEST, _HIGHEST = 0.05, 20.0
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Reliability:
    """Answers by how sure they are, in bins of equal width from 0 to 1; bins without rows are left out.

    ``sure`` is the mean probability of a bin's answers, ``right`` how many of them came true, as a share.
    """

    rows: tuple[int, ...]
    sure: tuple[float, ...]
    right: tuple[float, ...]

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of the two, each bin counting by its rows."""
        total = sum(self.rows)
        if not total:
            return float("nan")
        parts = zip(self.rows, self.sure, self.right, strict=True)
        return sum(rows * abs(sure - right) for rows, sure, right in parts) / total


def reliability(scores: np.ndarray, targets: np.ndarray, *, bins: int = BINS) -> Reliability:
    """Return how probabilities came true, scores and targets being on the scale of the metrics.

    ``(row,)`` are the probabilities of the true class of a binary; of ``(row, class)`` the largest counts, and of
    shares as targets the largest is the truth.
    """
    if scores.ndim == 1:
        sure, right = scores.astype(np.float64), (targets > 0.5).astype(np.float64)
    else:
        classes = targets.argmax(axis=1) if targets.ndim == scores.ndim else targets
        sure, right = scores.max(axis=1).astype(np.float64), (scores.argmax(axis=1) == classes).astype(np.float64)
    places = np.floor(sure * bins).clip(0, bins - 1).astype(np.int64)
    rows = np.bincount(places, minlength=bins)
    there = rows > 0
    means = [
        (np.bincount(places, weights=each, minlength=bins)[there] / rows[there]).tolist() for each in (sure, right)
    ]
    return Reliability(tuple(rows[there].tolist()), tuple(means[0]), tuple(means[1]))


def fit_temperature(raw: Tensor, encoded: Tensor, *, surprise: Surprise | None = None) -> float:
    """Return what to divide answers by so that the truth is least surprising, between 0.05 and 20.

    ``raw`` are the decoder's answers, ``(row,)`` of a binary or ``(row, class)``; ``encoded`` 0/1, class ids or shares,
    as the loss sees them. ``surprise`` is the loss to go by, one that is convex in the answers; None is cross entropy.
    It is convex in the inverse of the temperature then, so that its slope has one zero: it is found by halving, without
    any chance.
    """
    answers = raw.double()
    measure = surprise or (_binary_surprise if answers.ndim == 1 else _class_surprise)

    def slope(inverse: float) -> float:
        factor = torch.tensor(inverse, dtype=torch.float64, requires_grad=True)
        with torch.enable_grad():
            return float(torch.autograd.grad(measure(answers * factor, encoded), factor)[0])

    low, high = _LOWEST, _HIGHEST
    for _ in range(_HALVINGS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if slope(middle) <= 0 else (low, middle)
    return 1 / (low * high) ** 0.5


def _binary_surprise(logits: Tensor, targets: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, (targets > 0.5).to(logits.dtype))


def _class_surprise(logits: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(logits, targets.to(logits.dtype) if targets.ndim == logits.ndim else targets.long())
