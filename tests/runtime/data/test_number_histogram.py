"""The histogram behind ranks: exact for few numbers, close and bounded for many, whole or merged."""

from __future__ import annotations

import numpy as np
import pytest

from declml.components.features.histogram import MOST_VALUES, histogram_of, merged_histogram
from declml.components.features.number_fit import quantiles

SHARES = np.linspace(0, 1, 101)


def merged(values: np.ndarray, chunks: int) -> tuple[np.ndarray, np.ndarray]:
    answer = None
    for part in np.array_split(values, chunks):
        own = histogram_of(part)
        answer = own if answer is None else merged_histogram(answer, own)
    assert answer is not None
    return answer


def test_few_different_numbers_are_counted_exactly_in_any_cut() -> None:
    values = np.random.default_rng(1).integers(0, 500, 20_000).astype(float)
    distinct, counts = np.unique(values, return_counts=True)
    for chunks in (1, 7):
        found = merged(values, chunks)
        assert np.array_equal(found[0], distinct) and np.array_equal(found[1], counts)


@pytest.mark.parametrize("chunks", [1, 8])
def test_many_different_numbers_keep_their_ranks_in_bounded_memory(chunks: int) -> None:
    random = np.random.default_rng(2)
    values = np.concatenate([random.lognormal(0, 3, 600_000), np.full(60_000, 1.0)])
    random.shuffle(values)
    found = merged(values, chunks)
    assert len(found[0]) <= MOST_VALUES and found[1].sum() == len(values)
    assert found[0][0] == values.min() and found[0][-1] == values.max()
    assert found[0][found[1].argmax()] == 1.0  # the most frequent value stays itself
    assert (np.diff(found[0]) > 0).all() and np.isin(found[0][::1000], values).all()
    estimated = quantiles(*found, SHARES)
    ordered = np.sort(values)
    low = np.searchsorted(ordered, estimated, side="left") / len(values)
    high = np.searchsorted(ordered, estimated, side="right") / len(values)
    wrong = np.maximum(np.maximum(low - SHARES, SHARES - high), 0)
    assert wrong.max() < 1e-4
    again = merged(values, chunks)
    assert np.array_equal(found[0], again[0]) and np.array_equal(found[1], again[1])
