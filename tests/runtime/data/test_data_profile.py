"""What a table holds, and the guess at its feature types and target."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declml.data.profile import likely_target, profile
from declml.errors import UserProblem


@pytest.mark.parametrize(
    ("values", "feature_type"),
    [
        ([1.5, 2.5, None, 4.0], "number"),
        (list(range(100)), "number"),
        ([1, 2, 3] * 40, "category"),
        ([2007, 2008, 2009] * 40, "number"),
        ([0, 1] * 20, "binary"),
        ([3, 7] * 20, "category"),
        ([True, False, None], "binary"),
        (["yes", "no"] * 5, "binary"),
        (["ham", "spam"] * 5, "binary"),
        (["Bern", "Ulm", "Graz"] * 5, "category"),
        ([f"a text with many words, number {row}" for row in range(50)], "text"),
        (["the same long text said again and again"] * 40 + ["another text that is said"] * 5 + ["x"], "category"),
        ([None, None], None),
        ([[1], [2]], None),
    ],
)
def test_the_feature_type_of_a_column_is_guessed_with_a_reason(values: list, feature_type: str | None) -> None:
    column = profile(pl.DataFrame({"x": values})).columns[0]
    assert column.feature_type == feature_type
    assert column.reason


def test_numbers_are_described() -> None:
    column = profile(pl.DataFrame({"x": [*map(float, range(1, 101)), None, float("nan"), float("inf")]})).column("x")
    assert (column.rows, column.missing, column.distinct) == (103, 2, 101)
    assert column.number is not None and column.number.infinite == 1
    assert (column.number.min, column.number.max, column.number.mean) == (1.0, 100.0, 50.5)
    assert column.number.quantiles["0.5"] == 50.5
    assert sum(column.number.histogram_rows) == 100
    assert len(column.number.histogram_edges) == len(column.number.histogram_rows) + 1
    assert len(column.examples) == 5 and column.examples[0] == "1.0"


def test_the_top_values_and_the_words_of_a_text_are_told() -> None:
    column = profile(pl.DataFrame({"x": ["a"] * 3 + ["b b"] * 2 + ["c" * 200]})).column("x")
    assert column.top_values[:2] == [("a", 3), ("b b", 2)]
    assert len(column.top_values[2][0]) == 80
    assert column.text is not None and column.text.max_words == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([5] * 10, "all values are the same"),
        ([None] * 3, "all values are missing"),
        ([None] * 6 + [1.0, 2.0], "6 of 8 values are missing"),
        ([f"customer-{row}" for row in range(60)], "it looks like an id"),
        (list(range(60)), "it looks like an id"),
    ],
)
def test_a_column_that_teaches_little_has_a_warning(values: list, said: str) -> None:
    assert any(said in warning for warning in profile(pl.DataFrame({"x": values})).columns[0].warnings)


def test_a_real_measure_is_no_id() -> None:
    column = profile(pl.DataFrame({"x": [row * row * 37 for row in range(200)]})).columns[0]
    assert column.feature_type == "number" and column.warnings == []


@given(
    st.lists(
        st.one_of(
            st.lists(st.none() | st.floats(), max_size=8),
            st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=8),
            st.lists(st.none() | st.text(max_size=6), max_size=8),
            st.lists(st.none() | st.booleans(), max_size=8),
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(deadline=None)
def test_every_table_has_a_profile_in_json(columns: list[list]) -> None:
    rows = min(len(column) for column in columns)
    frame = pl.DataFrame({f"c{place}": column[:rows] for place, column in enumerate(columns)})
    answer = profile(frame)
    json.dumps(answer.as_json(), allow_nan=False)
    assert likely_target(answer) is None or likely_target(answer) in frame.columns


def test_the_penguins_are_profiled_from_their_file(shared_data: Path) -> None:
    answer = profile(shared_data / "penguins.csv")
    assert answer.rows == 344
    types = {each.name: each.feature_type for each in answer.columns}
    assert types["species"] == types["island"] == "category"
    assert types["sex"] == "binary" and types["bill_length_mm"] == types["body_mass_g"] == "number"
    assert answer.column("sex").missing == 11 and answer.column("species").distinct == 3
    assert likely_target(answer) == "species"


@pytest.mark.parametrize(
    ("file", "target", "types"),
    [
        ("titanic.csv", "survived", {"pclass": "category", "survived": "binary", "age": "number"}),
        ("sms_spam.csv", "label", {"label": "binary", "message": "text"}),
        ("ag_news.csv", "class", {"title": "text", "description": "text", "class": "category"}),
        ("adult.csv", "income", {"age": "number", "occupation": "category", "income": "binary"}),
    ],
)
def test_real_tables_have_the_types_and_the_target_that_a_person_would_choose(
    shared_data: Path, file: str, target: str, types: dict[str, str]
) -> None:
    answer = profile(shared_data / file)
    assert likely_target(answer) == target
    assert {name: answer.column(name).feature_type for name in types} == types


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,b\n1,2,3\n")
    with pytest.raises(UserProblem, match="must have 2 fields"):
        profile(tmp_path / "d.csv")
    with pytest.raises(KeyError):
        profile(pl.DataFrame({"a": [1]})).column("b")


def test_a_column_up_to_the_largest_number_has_a_profile() -> None:
    facts = profile(pl.DataFrame({"a": [0.0, 0.0, 1.7976931348623157e308]})).as_json()["columns"][0]
    assert facts["number"]["max"] == 1.7976931348623157e308
    facts = profile(pl.DataFrame({"a": [1.5e308, 1.5e308, 1.0]})).as_json()["columns"][0]
    assert facts["number"]["mean"] == pytest.approx(1e308)


def test_neither_a_coordinate_nor_a_column_of_thousands_of_names_is_a_likely_target() -> None:
    count = 300
    frame = pl.DataFrame(
        {
            "price": [float(n % 97) for n in range(count)],
            "x": [n * 0.5 for n in range(count)],
            "y": [n * 0.25 for n in range(count)],
            "z": [n * 0.125 for n in range(count)],
            "when": [f"slot {n % 150}" for n in range(count)],
        }
    )
    assert likely_target(profile(frame)) == "price"
