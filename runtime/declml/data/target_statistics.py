"""How the targets of the training rows lie by label: fitted on whole, and for training rows without their own fold.

A row that saw its own answer in such a mean would teach the model to copy it: each training row is looked up in the
means of the other folds, as in Micci-Barreca (2001) with the cross fitting of scikit-learn's ``TargetEncoder``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from declml.errors import UserProblem

MOST_NUMBERS = 20_000_000
"""The largest table of means, label by number of the target: 160 MB."""


@dataclass(frozen=True, slots=True)
class Target:
    """An output's values for all rows: ``(row,)`` or ``(row, width)`` numbers, or ``(row,)`` ids of ``classes``."""

    values: np.ndarray
    classes: int | None = None

    @property
    def width(self) -> int:
        """How many means it has for a label: one for each class, but one is enough to tell two apart."""
        if self.classes is not None:
            return 1 if self.classes == 2 else self.classes
        return 1 if self.values.ndim == 1 else self.values.shape[1]


@dataclass(frozen=True, slots=True)
class Statistics:
    """``means`` ``(label, width)``, in standard deviations from the mean of all training rows, which is 0."""

    means: NDArray[np.float64]
    by_fold: NDArray[np.float64]
    """``(fold, label, width)``: the same of the training rows outside of the fold."""
    folds: NDArray[np.int64]
    """``(row,)``: the fold of each row, -1 for rows that are not among the training rows."""

    def of(self, ids: np.ndarray) -> NDArray[np.float32]:
        """Return what each row's label tells, ``(row, width)``; an id of -1 is a label unknown to training: 0."""
        labels = np.asarray(ids, dtype=np.int64)
        answer = looked_up(self.means, labels)
        for fold in range(len(self.by_fold)):
            own = np.flatnonzero(self.folds == fold)
            answer[own] = looked_up(self.by_fold[fold], labels[own])
        return answer


def looked_up(means: np.ndarray, ids: np.ndarray) -> NDArray[np.float32]:
    """Return the means of each id, ``(row, width)`` float32, 0 for the id -1."""
    known = ids >= 0
    return np.where(known[:, None], means[np.where(known, ids, 0)], 0.0).astype(np.float32)


def fit_statistics(
    ids: np.ndarray,
    labels: int,
    targets: Sequence[Target],
    training: np.ndarray,
    *,
    folds: int,
    smoothing: float,
    seed: int,
) -> Statistics:
    """Return the smoothed means of ``targets`` by label, from the rows whose indices are ``training``.

    ``smoothing`` is how many rows of the overall mean each label's mean is mixed with.
    """
    width = sum(each.width for each in targets)
    if labels * width * (folds + 1) > MOST_NUMBERS:
        raise UserProblem(
            "target-statistics",
            f"The target statistics must be at most {MOST_NUMBERS:,} numbers; got {labels:,} labels of {width:,}"
            f" in {folds + 1} parts.",
            hint="Lower most_common of the feature's preprocessing or the folds of its encoder.",
        )
    own = np.asarray(ids)[training].astype(np.int64)
    parts = np.random.default_rng(seed).integers(folds, size=len(training))
    counts = np.zeros((folds, labels))
    sums = np.zeros((folds, labels, width))
    total, squares = np.zeros(width), np.zeros(width)
    for fold in range(folds):
        here = (parts == fold) & (own >= 0)
        counts[fold] = np.bincount(own[here], minlength=labels)
    start = 0
    for target in targets:
        stop = start + target.width
        for fold in range(folds):
            chosen = parts == fold
            _add(target, training[chosen], own[chosen], sums[fold, :, start:stop])
        total[start:stop], squares[start:stop] = _moments(target, training)
        start = stop
    rows = max(1, len(training))
    mean = total / rows
    spread = np.sqrt(np.maximum(squares / rows - mean**2, 0.0))
    spread[spread == 0] = 1.0

    def smoothed(count: np.ndarray, summed: np.ndarray) -> np.ndarray:
        shares = (summed + smoothing * mean) / np.maximum(count + smoothing, 1e-12)[:, None]
        return np.where((count + smoothing > 0)[:, None], (shares - mean) / spread, 0.0)

    all_counts, all_sums = counts.sum(0), sums.sum(0)
    by_fold = np.stack([smoothed(all_counts - counts[fold], all_sums - sums[fold]) for fold in range(folds)])
    of_rows = np.full(len(ids), -1, dtype=np.int64)
    of_rows[training] = parts
    return Statistics(smoothed(all_counts, all_sums), by_fold, of_rows)


def _add(target: Target, rows: np.ndarray, ids: np.ndarray, sums: np.ndarray) -> None:
    """Add the targets of ``rows``, whose labels are ``ids``, to ``(label, width)`` sums."""
    known = ids >= 0
    ids, values = ids[known], np.asarray(target.values)[rows[known]]
    labels, width = sums.shape
    if target.classes is not None:
        by_class = np.bincount(ids * target.classes + values, minlength=labels * target.classes)
        sums += by_class.reshape(labels, target.classes)[:, -width:]
        return
    for column in range(width):
        weights = values if values.ndim == 1 else values[:, column]
        sums[:, column] += np.bincount(ids, weights=weights, minlength=labels)


def _moments(target: Target, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of the targets of ``rows`` and of their squares, ``(width,)`` each."""
    values = np.asarray(target.values)[rows]
    if target.classes is not None:
        counts = np.bincount(values, minlength=target.classes)[-target.width :].astype(np.float64)
        return counts, counts
    values = values.reshape(len(rows), target.width).astype(np.float64)
    return values.sum(0), (values**2).sum(0)
