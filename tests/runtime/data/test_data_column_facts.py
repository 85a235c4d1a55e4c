"""What an editor asks of a column beside its profile, and that it is what a training would say."""

from __future__ import annotations

import json
from dataclasses import asdict

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from declml.components.features.number import INPUT
from declml.data.column_facts import ColumnFacts, column_facts, not_numbers
from declml.data.profile import profile


def facts(values: object, **more: object) -> ColumnFacts:
    frame = pl.DataFrame({"x": values, **more})
    return column_facts(frame, profile(frame))["x"]


TEXTS = st.lists(
    st.none()
    | st.sampled_from(["1", " 2 ", "3.5e2", "forty", "", " ", "inf", "nan", "-", "1,5"])
    | st.text(max_size=4),
    min_size=1,
    max_size=12,
)


@given(TEXTS)
def test_the_texts_that_are_no_numbers_are_those_that_a_training_finds(values: list[str | None]) -> None:
    column = pl.Series("x", values, dtype=pl.String)
    found = not_numbers(column)
    assert INPUT.build is not None and INPUT.preprocessing is not None
    said = [
        each.message
        for each in INPUT.build().inspect(column, "x", INPUT.preprocessing().model_dump())
        if each.code == "not-a-number"
    ]
    if not found.count:
        assert said == [] and found.row is None and found.text is None
    else:
        assert said == [
            f"Column 'x' is declared number but {found.count:,} of {len(values):,} rows are text,"
            f" first at row {found.row:,}: '{values[(found.row or 0) - 1]}'."
        ]


@given(
    st.lists(
        st.one_of(
            st.lists(st.none() | st.floats(), max_size=8),
            st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=8),
            st.lists(st.none() | st.text(max_size=6), max_size=8),
            st.lists(st.none() | st.booleans(), max_size=8),
            st.lists(st.none() | st.datetimes(), max_size=8),
            st.lists(st.none() | st.lists(st.integers(0, 3), max_size=2), max_size=8),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_every_table_has_facts_in_json(columns: list[list]) -> None:
    rows = min(len(column) for column in columns)
    frame = pl.DataFrame({f"c{place}": column[:rows] for place, column in enumerate(columns)})
    found = column_facts(frame, profile(frame))
    json.dumps({name: asdict(each) for name, each in found.items()}, allow_nan=False)
    assert list(found) == frame.columns
    for each in found.values():
        assert 0 <= each.missing_share <= 1 and 0 <= each.top_share <= 1 and 0 <= each.distinct_share <= 1


def test_a_copy_has_the_same_values_in_every_row() -> None:
    frame = pl.DataFrame(
        {
            "a": [1, 2, None],
            "b": [1, 2, None],
            "c": [1, 2, 3],
            "d": ["1", "2", None],
            "e": [2, 1, None],
            "f": [1, 2, None],
        }
    )
    found = column_facts(frame, profile(frame))
    assert {name: list(each.same_as) for name, each in found.items()} == {
        "a": ["b", "f"], "b": ["a", "f"], "c": [], "d": [], "e": [], "f": ["a", "b"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([7] * 60, (False, True, 1.0, False)),
        ([None] * 60, (True, False, 0.0, False)),
        ([f"c-{each}" for each in range(60)], (False, False, round(1 / 60, 6), True)),
        ([f"c-{each}" for each in range(40)], (False, False, 1 / 40, False)),
        (["a"] * 45 + ["b"] * 15, (False, False, 0.75, False)),
        (["a"] * 30 + [None] * 30, (False, True, 1.0, False)),
    ],
)
def test_constants_ids_and_empty_columns_are_told(values: list, said: tuple[bool, bool, float, bool]) -> None:
    found = facts(values)
    assert (found.all_missing, found.constant, found.top_share, found.nearly_unique) == said


def test_numbers_have_ten_bins_and_labels_their_eight_most_frequent() -> None:
    numbers = facts([*map(float, range(100)), None, float("inf")])
    assert numbers.histogram is not None
    assert list(numbers.histogram.rows) == [10] * 10 and len(numbers.histogram.edges) == 11
    assert numbers.not_numbers is None
    labels = facts([f"l{each % 12}" for each in range(100)])
    assert labels.histogram is None and len(labels.top) == 8 and labels.top[0] == ("l0", 9)
