"""How often each number occurs, in bounded memory: exact for few different numbers, by ranks for many.

Two histograms merge into that of both. Above a bound, neighbouring numbers are told by one of them, so that each tells
about the same number of rows: ranks are then off by at most one part in 131,072 for each time that it happens, which
is once for about as many further rows. Nothing is drawn by chance: the same chunks give the same histogram.
"""

from __future__ import annotations

import numpy as np

MOST_VALUES = 131_072
"""Different numbers that are told one by one."""
_KEPT = MOST_VALUES // 2


def histogram_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return different values in rising order and their counts, ``(value,)`` each, of finite ``(row,)`` numbers."""
    distinct, counts = np.unique(values, return_counts=True)
    return _thinned(distinct, counts.astype(np.int64))


def merged_histogram(
    left: tuple[np.ndarray, np.ndarray], right: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the histogram of the rows of both."""
    distinct, inverse = np.unique(np.concatenate([left[0], right[0]]), return_inverse=True)
    counts = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(counts, inverse, np.concatenate([left[1], right[1]]))
    return _thinned(distinct, counts)


def _thinned(distinct: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the histogram with about half of the bound's values where it has more than that; both ends stay."""
    if len(distinct) <= MOST_VALUES:
        return distinct, counts
    inner, weights = distinct[1:-1], counts[1:-1]
    ends = np.cumsum(weights)
    width = ends[-1] / _KEPT
    bucket = ((ends - weights / 2) / width).astype(np.int64)
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    sums = np.add.reduceat(weights, starts)
    # The value in the middle of the rows that it stands for: one that occurs often stays itself.
    middle = np.searchsorted(ends, ends[starts] - weights[starts] + sums / 2)
    middle = np.clip(middle, starts, np.append(starts[1:], len(inner)) - 1)
    values = np.concatenate([distinct[:1], inner[middle], distinct[-1:]])
    return values, np.concatenate([counts[:1], sums, counts[-1:]])
