"""Balanced training rows, and groups that stay together."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from declml.components.splits.group import split_by_group
from declml.data.balance import oversampled, undersampled
from declml.errors import UserProblem

SHARES = [0.7, 0.1, 0.2]


def test_rare_classes_are_repeated_evenly_up_to_the_ratio() -> None:
    targets = np.array([0] * 80 + [1] * 15 + [2] * 5 + [1] * 50)
    rows = np.arange(100)  # the last rows train nobody
    kept = oversampled(targets, rows, ratio=0.5, seed=3)
    counts = np.bincount(targets[kept])
    assert counts.tolist() == [80, 40, 40] and kept.max() < 100
    assert (np.diff(kept) >= 0).all() and set(kept) == set(rows)
    times = np.bincount(kept)[95:100]
    assert times.min() == times.max() == 8
    times = np.bincount(kept)[80:95]
    assert times.max() - times.min() == 1
    assert np.array_equal(kept, oversampled(targets, rows, ratio=0.5, seed=3))
    assert not np.array_equal(kept, oversampled(targets, rows, ratio=0.5, seed=4))


def test_frequent_classes_are_thinned_down_to_the_ratio() -> None:
    targets = np.array([0.0] * 90 + [1.0] * 10, dtype=np.float32)
    kept = undersampled(targets, np.arange(100), ratio=0.5, seed=3)
    assert np.bincount(targets[kept].astype(int)).tolist() == [20, 10]
    assert len(set(kept)) == 30 and (np.diff(kept) > 0).all()


def test_balanced_classes_stay_as_they_are() -> None:
    targets, rows = np.array([0, 1, 0, 1]), np.array([0, 1, 2, 3])
    assert oversampled(targets, rows, ratio=1.0, seed=1).tolist() == [0, 1, 2, 3]
    assert undersampled(targets, rows, ratio=1.0, seed=1).tolist() == [0, 1, 2, 3]


def table(rows: int) -> pl.DataFrame:
    return pl.DataFrame({"house": [n % 50 for n in range(rows)], "street": [f"s{n % 7}" for n in range(rows)]})


def test_a_group_is_on_one_side_and_stays_there_when_rows_are_appended() -> None:
    first = split_by_group(table(500), seed=1, column="house", probabilities=SHARES)
    sides = pl.DataFrame({"house": table(500)["house"], "side": first}).group_by("house").n_unique()
    assert sides["side"].to_list() == [1] * 50 and len(set(first.tolist())) == 3
    grown = pl.concat([table(500), pl.DataFrame({"house": [99] * 40, "street": ["x"] * 40})])
    assert np.array_equal(split_by_group(grown, seed=1, column="house", probabilities=SHARES)[:500], first)
    shuffled = table(500).sample(fraction=1.0, shuffle=True, seed=5)
    again = split_by_group(shuffled, seed=1, column="house", probabilities=SHARES)
    by_house = dict(zip(table(500)["house"], first, strict=True))
    assert [by_house[house] for house in shuffled["house"]] == again.tolist()


def test_rows_without_a_group_are_groups_of_their_own() -> None:
    rows = pl.DataFrame({"a": [None] * 300}, schema={"a": pl.String})
    assert len(set(split_by_group(rows, seed=1, column="a", probabilities=SHARES).tolist())) == 3


def test_a_group_column_that_is_absent_or_no_name_is_a_problem() -> None:
    with pytest.raises(UserProblem, match="must go by a column of the data; got 'hous'") as caught:
        split_by_group(table(5), seed=1, column="hous", probabilities=SHARES)
    assert "house" in caught.value.hint
    with pytest.raises(UserProblem, match="must hold names"):
        split_by_group(pl.DataFrame({"a": [[1], [2]]}), seed=1, column="a", probabilities=SHARES)
