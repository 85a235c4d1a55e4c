"""The splits: who trains, who validates, who tests; and that nobody changes sides."""

from __future__ import annotations

import datetime
import hashlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declml.components.splits.datetime import split_by_time
from declml.components.splits.drawing import draw_rows, side_of
from declml.components.splits.fixed import split_by_column
from declml.components.splits.hash import split_by_hash
from declml.components.splits.random import split_randomly
from declml.components.splits.stratify import split_stratified
from declml.errors import UserProblem

SHARES = [0.7, 0.1, 0.2]


def shares_of(sides: np.ndarray) -> list[float]:
    assert sides.dtype == np.uint8
    return (np.bincount(sides, minlength=3) / len(sides)).tolist()


def test_a_random_split_meets_its_shares_and_its_seed_decides() -> None:
    table = pl.DataFrame({"a": range(20_000)})
    sides = split_randomly(table, seed=1, probabilities=SHARES)
    assert shares_of(sides) == pytest.approx(SHARES, abs=0.01)
    assert (sides == split_randomly(table, seed=1, probabilities=SHARES)).all()
    other = split_randomly(table, seed=2, probabilities=SHARES)
    # Two independent draws agree in .49 + .01 + .04 of the rows.
    assert np.mean(sides == other) == pytest.approx(0.54, abs=0.02)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 2**63))
@settings(deadline=None)
def test_appended_rows_move_no_row_of_a_random_or_hashed_split(rows: int, more: int, seed: int) -> None:
    table = pl.DataFrame({"key": [f"k{row % 97}" for row in range(rows + more)]}, schema={"key": pl.String})
    for split, options in ((split_randomly, {}), (split_by_hash, {"column": "key"})):
        before = split(table.head(rows), seed=seed, probabilities=SHARES, **options)
        after = split(table, seed=seed, probabilities=SHARES, **options)
        assert (after[:rows] == before).all()


def test_a_draw_is_splitmix64_of_the_row_and_the_seed() -> None:
    mask = 2**64 - 1
    state = int.from_bytes(hashlib.sha256(b"rows:42").digest()[:8], "little")
    expected = []
    for _ in range(5):
        state = (state + 0x9E3779B97F4A7C15) & mask
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        expected.append(((mixed ^ (mixed >> 31)) >> 11) / 2**53)
    assert draw_rows(5, 42).tolist() == expected


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([1.0, 0.0, 0.0], {0}),
        ([0.0, 1.0, 0.0], {1}),
        ([0.0, 0.0, 1.0], {2}),
        ([0.9, 0.1, 0.0], {0, 1}),
        ([0.3, 0.0, 0.7], {0, 2}),
    ],
)
def test_a_side_without_a_share_gets_no_row(probabilities: list[float], expected: set[int]) -> None:
    drawn = np.append(draw_rows(10_000, 0), [0.0, np.nextafter(1.0, 0.0)])
    assert set(side_of(drawn, probabilities).tolist()) == expected


def test_rows_of_one_key_stay_together_whatever_the_order_or_type_of_the_keys() -> None:
    keys = np.random.Generator(np.random.PCG64(1)).integers(0, 5000, 30_000)
    table = pl.DataFrame({"key": keys})
    sides = split_by_hash(table, seed=3, column="key", probabilities=SHARES)
    assert shares_of(sides) == pytest.approx(SHARES, abs=0.03)
    together = pl.DataFrame({"key": keys, "side": sides}).group_by("key").agg(pl.col("side").n_unique())
    assert together["side"].max() == 1
    turned = split_by_hash(table.reverse(), seed=3, column="key", probabilities=SHARES)
    assert (turned[::-1] == sides).all()
    for dtype in (pl.String, pl.Float64):
        other = table.with_columns(pl.col("key").cast(dtype))
        assert (split_by_hash(other, seed=3, column="key", probabilities=SHARES) == sides).all()


def test_rows_without_a_key_are_spread_over_the_sides() -> None:
    table = pl.DataFrame({"key": [None] * 5000}, schema={"key": pl.String})
    assert shares_of(split_by_hash(table, seed=1, column="key", probabilities=SHARES)) == pytest.approx(
        SHARES, abs=0.03
    )


def test_a_stratified_split_divides_every_class_alike() -> None:
    table = pl.DataFrame({"kind": ["common"] * 900 + ["rare"] * 100 + [None] * 50 + ["single"]})
    sides = split_stratified(table, seed=5, column="kind", probabilities=SHARES)
    assert np.bincount(sides[:900]).tolist() == [630, 90, 180]
    assert np.bincount(sides[900:1000]).tolist() == [70, 10, 20]
    assert np.bincount(sides[1000:1050]).tolist() == [35, 5, 10]
    assert sides[-1] == 0
    assert (sides != split_stratified(table, seed=6, column="kind", probabilities=SHARES)).any()


@pytest.mark.parametrize("values", [[0, 1, 2], ["train", "Validation", "test"], [0.0, 1.0, 2.0], ["0", "val", "TEST"]])
def test_a_fixed_split_reads_numbers_and_words(values: list) -> None:
    assert split_by_column(pl.DataFrame({"split": values}), seed=0, column="split").tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0, 1, 3], "got '3' at row 3"),
        (["train", "tset", "tset"], r"got 'tset' at row 2 \(2 such rows\)"),
        ([0, None], "got nothing at row 2"),
        ([[0], [1]], "got List"),
    ],
)
def test_a_value_that_names_no_side_is_a_problem_with_its_row(values: list, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        split_by_column(pl.DataFrame({"split": values}), seed=0, column="split")
    assert caught.value.code == "bad-split-value"


DAYS = [datetime.date(2024, 1, 1) + datetime.timedelta(days=(row * 7) % 100) for row in range(100)]


@pytest.mark.parametrize(
    "values",
    [
        DAYS,
        [str(day) for day in DAYS],
        [f"{day} 10:30:00" for day in DAYS],
        [f"{day}T10:30:00Z" for day in DAYS],
        [day.strftime("%d.%m.%Y") for day in DAYS],
        [day.toordinal() for day in DAYS],
        [float(day.toordinal()) for day in DAYS],
    ],
)
def test_the_oldest_rows_train_and_the_newest_test(values: list) -> None:
    sides = split_by_time(pl.DataFrame({"day": values}), seed=0, column="day", probabilities=SHARES)
    assert np.bincount(sides).tolist() == [70, 10, 20]
    days = np.array([day.toordinal() for day in DAYS])
    assert days[sides == 0].max() < days[sides == 1].min() < days[sides == 1].max() < days[sides == 2].min()


@pytest.mark.parametrize(
    ("values", "said"), [(["2024-01-01", "soon"], "got 'soon' at row 2"), ([1, None], "got nothing at row 2")]
)
def test_a_row_without_a_time_is_a_problem(values: list, said: str) -> None:
    with pytest.raises(UserProblem, match=said):
        split_by_time(pl.DataFrame({"day": values}), seed=0, column="day", probabilities=SHARES)


@pytest.mark.parametrize("split", [split_by_hash, split_stratified, split_by_time])
def test_an_absent_column_is_a_problem_with_the_nearest_name(split) -> None:
    with pytest.raises(UserProblem, match="got 'custmer'") as caught:
        split(pl.DataFrame({"customer": [1]}), seed=0, column="custmer", probabilities=SHARES)
    assert caught.value.hint == "Did you mean 'customer'?"
    with pytest.raises(UserProblem, match="got 'split'"):
        split_by_column(pl.DataFrame({"customer": [1]}), seed=0, column="split")
