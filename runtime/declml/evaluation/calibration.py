"""Whether probabilities mean what they say, and the temperature that makes them (Guo et al., 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

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


def fit_temperature(raw: Tensor, encoded: Tensor) -> float:
    """Return what to divide logits by so that the truth is least surprising, between 0.05 and 20.

    ``raw`` are logits, ``(row,)`` of a binary or ``(row, class)``; ``encoded`` 0/1, class ids or shares, as the loss
    sees them. The surprise is convex in the inverse of the temperature, so that its slope has one zero: it is found by
    halving, without any chance.
    """
    logits = raw.double()
    if logits.ndim == 1:
        logits, encoded = torch.stack([torch.zeros_like(logits), logits], dim=1), (encoded > 0.5).long()
    truth = encoded if encoded.ndim == logits.ndim else functional.one_hot(encoded.long(), logits.shape[1])
    of_truth = (truth.double() * logits).sum(dim=1).mean()

    def slope(inverse: float) -> float:
        return float((functional.softmax(logits * inverse, dim=1) * logits).sum(dim=1).mean() - of_truth)

    low, high = _LOWEST, _HIGHEST
    for _ in range(_HALVINGS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if slope(middle) <= 0 else (low, middle)
    return 1 / (low * high) ** 0.5
