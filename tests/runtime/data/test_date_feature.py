"""The feature type date: the forms of dates, what counts as missing, and the numbers that a date becomes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from declml.components.features.date import InputDate, InputDatePreprocessing
from declml.components.features.date_reading import FORMS, read_moments
from declml.contracts import Encoded
from declml.errors import UserProblem

NOON = datetime(2020, 2, 1, 12, 30)


def settings_of(**values) -> dict:
    return InputDatePreprocessing(**values).model_dump()


def facts_of(column: pl.Series, preprocessing: dict) -> dict:
    facts = InputDate().fit(InputDate().summarize(column, preprocessing), preprocessing)
    return json.loads(json.dumps(facts, allow_nan=False))


def encoded(values: list, **given) -> Encoded:
    column, preprocessing = pl.Series("when", values), settings_of(**given)
    return InputDate().encode(column, facts_of(column, preprocessing), preprocessing)


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-01 12:30:00",
        "2020-02-01T12:30:00",
        "2020-02-01T12:30:00.250Z",
        "2020-02-01T12:30:00+02:00",
        "2020-02-01 12:30:00 UTC",
        "2020/02/01 12:30",
        "20200201 12:30",
        "2/1/2020 12:30 PM",
        "1.2.2020, 12:30",
        "Sat, 01 Feb 2020 12:30:00 +0000",
        "Feb 1, 2020 12:30 p.m.",
        "1 February 2020 12:30",
        "1-Feb-2020 12:30",
    ],
)
def test_usual_forms_are_read_with_the_clock_on_the_wall(text: str) -> None:
    assert read_moments(pl.Series([text]), FORMS, None).to_list() == [NOON]


@pytest.mark.parametrize("text", ["soon", "2020-13-01", "2020-02-30", "2020-02-01 25:00", "13:00", "2020", "", "7"])
def test_what_is_no_date_is_missing(text: str) -> None:
    assert read_moments(pl.Series([text]), FORMS, None).to_list() == [None]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([20200201]),
        pl.Series([20200201.0]),
        pl.Series([date(2020, 2, 1)]),
        pl.Series([1580515200]),
        pl.Series(["1580515200000"]),
        pl.Series([datetime(2020, 2, 1)]).cast(pl.Datetime("ms", "Asia/Tokyo")).dt.convert_time_zone("UTC"),
        pl.Series([datetime(2020, 2, 1, tzinfo=UTC)]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_numbers_and_columns_of_dates_are_dates_too(column: pl.Series) -> None:
    assert read_moments(column, FORMS, None).to_list() == [datetime(2020, 2, 1)]


def test_a_column_tells_whether_the_day_or_the_month_comes_first() -> None:
    preprocessing = settings_of()
    for others, expected in ((["13/02/2020"], [2, 1]), (["02/13/2020"], [1, 2])):
        facts = facts_of(pl.Series([*others * 3, "01/02/2020"]), preprocessing)
        row = InputDate().encode(pl.Series(["01/02/2020"]), facts, preprocessing).values[0]
        assert row[1:3].tolist() == expected


def test_a_date_becomes_its_parts() -> None:
    values = encoded(["2020-02-01 12:30:15", "2019-12-31"]).values
    assert values.dtype == np.float32
    assert values[:, 1:].tolist() == [[2, 1, 6, 32, 13, 31, 16, 45016], [12, 31, 2, 365, 1, 1, 1, 1]]
    assert values[:, 0].tolist() == pytest.approx([1.0, -1.0])


def test_a_format_reads_only_what_is_so_written() -> None:
    answer = encoded(["03.2020", "2020-02-01"], datetime_format="%m.%Y")
    assert answer.values[:, 1:3].tolist() == [[3, 1], [0, 0]]
    assert answer.counts == {"missing": 1, "unreadable": 1}
    with pytest.raises(UserProblem, match="datetime_format must be a form of dates"):
        encoded(["2020"], datetime_format="%Y-%m-%d %H")


@pytest.mark.parametrize(
    ("given", "months"),
    [
        ({}, [1, 0, 3]),
        ({"fill_value": "2001-12-24"}, [1, 12, 3]),
        ({"missing_value_strategy": "bfill"}, [1, 3, 3]),
        ({"missing_value_strategy": "ffill"}, [1, 1, 3]),
    ],
)
def test_each_strategy_fills_a_missing_date(given: dict, months: list[int]) -> None:
    answer = encoded(["2020-01-05", None, "2020-03-05"], **given)
    assert answer.keep is None and answer.values[:, 1].tolist() == months


def test_rows_without_a_date_can_be_dropped() -> None:
    answer = encoded(["2020-01-05", "soon"], missing_value_strategy="drop_row")
    assert answer.keep is not None and answer.keep.tolist() == [True, False]


def test_a_stand_in_that_is_no_date_is_refused() -> None:
    with pytest.raises(UserProblem, match="fill_value must be a date that can be read; got 'never'"):
        InputDate().inspect(pl.Series(["2020-01-05"]), "when", settings_of(fill_value="never"))


def test_unreadable_dates_are_told_with_row_and_value() -> None:
    column = pl.Series(["2020-01-05", "2020-01-06", "soon"])
    (finding,) = InputDate().inspect(column, "when", settings_of())
    assert (finding.code, finding.fatal) == ("not-a-date", False)
    assert finding.message == (
        "Column 'when' is declared date but 1 of 3 rows hold none that can be read, first at row 3: 'soon'."
    )
    (finding,) = InputDate().inspect(pl.Series(["a", "b", "2020-01-05"]), "when", settings_of())
    assert finding.fatal
    for other in (pl.Series([[1]]), pl.Series([True]), pl.Series([datetime(2020, 1, 1).time()])):
        (finding,) = InputDate().inspect(other, "when", settings_of())
        assert (finding.code, finding.fatal) == ("wrong-column-type", True)


def test_summaries_of_chunks_merge_to_that_of_the_whole() -> None:
    column = pl.Series(["01/02/2020", None, "2020-05-06 07:08", "13/02/2020", "Feb 3, 2021", "soon", "04/05/2022"])
    preprocessing = settings_of()
    whole = facts_of(column, preprocessing)
    for cut in range(len(column) + 1):
        left, right = (InputDate().summarize(part, preprocessing) for part in (column[:cut], column[cut:]))
        merged = InputDate().fit(InputDate().merge(left, right), preprocessing)
        assert merged["forms"] == whole["forms"] and merged["missing"] == whole["missing"] == 2
        assert [merged["mean"], merged["std"]] == pytest.approx([whole["mean"], whole["std"]])
