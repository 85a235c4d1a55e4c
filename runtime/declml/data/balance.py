"""Rare classes seen more often, or frequent ones less: which rows train when classes are to be balanced."""

from __future__ import annotations

import numpy as np


def oversampled(targets: np.ndarray, rows: np.ndarray, *, ratio: float, seed: int) -> np.ndarray:
    """Return the training rows with those of rare classes repeated, ``(row,)`` int64, in their order.

    ``targets`` ``(row,)`` are class ids of all rows of the table. Afterwards each class has at least ``ratio`` times
    the rows of the largest; every row is repeated as often as any other of its class, give or take one.
    """
    classes, counts = np.unique(targets[rows], return_counts=True)
    wanted = int(np.ceil(ratio * int(counts.max())))
    generator = np.random.Generator(np.random.PCG64(seed))
    kept = [rows]
    for each, count in zip(classes, counts, strict=True):
        lacks = wanted - int(count)
        if lacks > 0:
            own = rows[targets[rows] == each]
            times, rest = divmod(lacks, len(own))
            kept += [np.repeat(own, times), generator.permutation(own)[:rest]]
    return np.sort(np.concatenate(kept), kind="stable")


def undersampled(targets: np.ndarray, rows: np.ndarray, *, ratio: float, seed: int) -> np.ndarray:
    """Return the training rows with some of frequent classes left out, ``(row,)`` int64, in their order.

    Afterwards the smallest class has at least ``ratio`` times the rows of each other.
    """
    classes, counts = np.unique(targets[rows], return_counts=True)
    wanted = max(1, int(np.floor(int(counts.min()) / ratio)))
    generator = np.random.Generator(np.random.PCG64(seed))
    kept: list[np.ndarray] = []
    for each in classes:
        own = rows[targets[rows] == each]
        kept.append(own if len(own) <= wanted else generator.permutation(own)[:wanted])
    return np.sort(np.concatenate(kept), kind="stable")
