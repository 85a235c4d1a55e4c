"""The feature type h3: how cells are written, which are valid, and the numbers that a cell becomes."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from declml.components.features.h3 import InputH3, InputH3Preprocessing
from declml.components.features.h3_reading import read_cells
from declml.contracts import Encoded
from declml.errors import UserProblem

CELL = 617700169958293503  # 8928308280fffff, in San Francisco: the example of H3's own documentation
COARSE = 576495936675512319  # 8001fffffffffff, the stand-in


def settings_of(**values) -> dict:
    return InputH3Preprocessing(**values).model_dump()


def facts_of(column: pl.Series, preprocessing: dict) -> dict:
    facts = InputH3().fit(InputH3().summarize(column, preprocessing), preprocessing)
    return json.loads(json.dumps(facts, allow_nan=False))


def encoded(values: list, **given) -> Encoded:
    column, preprocessing = pl.Series("place", values), settings_of(**given)
    return InputH3().encode(column, facts_of(column, preprocessing), preprocessing)


@pytest.mark.parametrize(
    "values",
    [
        [CELL],
        ["8928308280fffff"],
        ["08928308280fffff"],
        ["0x8928308280fffff"],
        ["0X8928308280FFFFF"],
        [" 8928308280fffff "],
        [str(CELL)],
        pl.Series([CELL], dtype=pl.UInt64),
    ],
)
def test_a_cell_is_read_however_it_is_written(values: list) -> None:
    assert read_cells(pl.Series(values)).to_list() == [CELL]


@pytest.mark.parametrize("text", ["115283473fffffff", "22528340bfffffff"], ids=["edge", "vertex"])
def test_edges_and_vertexes_are_indexes_too(text: str) -> None:
    assert read_cells(pl.Series([text])).to_list() == [int(text, 16)]


@pytest.mark.parametrize(
    "index",
    [
        0,
        CELL | 1 << 63,  # the reserved bit
        CELL & ~(1 << 59),  # no mode
        CELL | 1 << 56,  # a cell with an edge
        CELL | 127 << 45,  # a base cell beyond 121
        CELL & ~7,  # a digit beyond the resolution
        CELL | 7 << 42,  # none within it
        0x81083FFFFFFFFFF & ~(7 << 42) | 1 << 42,  # the sixth that the pentagon of base cell 4 lacks
    ],
)
def test_what_breaks_the_layout_is_no_cell(index: int) -> None:
    assert read_cells(pl.Series([index], dtype=pl.UInt64)).to_list() == [None]
    assert read_cells(pl.Series([f"{index:016x}"])).to_list() == [None]


def test_the_pentagons_other_sixths_are_there() -> None:
    digits = [0x81083FFFFFFFFFF & ~(7 << 42) | digit << 42 for digit in range(7)]
    assert [each is not None for each in read_cells(pl.Series(digits))] == [digit != 1 for digit in range(7)]


def test_a_cell_is_its_mode_edge_resolution_base_cell_and_digits() -> None:
    answer = encoded([CELL, COARSE, None])
    assert answer.values.dtype == np.float32
    assert answer.values.tolist() == [
        [1, 0, 9, 20, 0, 6, 0, 4, 0, 5, 0, 0, 3, 7, 7, 7, 7, 7, 7],
        [1, 0, 0, 0, *[7] * 15],
        [1, 0, 0, 0, *[7] * 15],
    ]
    assert dict(answer.counts) == {"missing": 1, "unreadable": 0}


def test_missing_cells_get_what_the_strategy_says() -> None:
    values = ["cell", "8928308280fffff", None, "85283473fffffff", "8928308280fffff"]
    resolutions = {
        strategy: encoded(values, missing_value_strategy=strategy).values[:, 2].tolist()
        for strategy in ("fill_with_const", "fill_with_mode", "bfill", "ffill")
    }
    assert resolutions == {
        "fill_with_const": [0, 9, 0, 5, 9],
        "fill_with_mode": [9, 9, 9, 5, 9],
        "bfill": [9, 9, 5, 5, 9],
        "ffill": [0, 9, 9, 5, 9],
    }
    dropped = encoded(values, missing_value_strategy="drop_row")
    assert dropped.keep is not None and dropped.keep.tolist() == [False, True, False, True, True]
    assert dict(dropped.counts) == {"missing": 2, "unreadable": 1, "missing_dropped": 2}


def test_a_value_that_is_no_cell_is_told_with_its_row() -> None:
    column = pl.Series("place", ["8928308280fffff", "85283473fffffff", "Berlin", None])
    (finding,) = InputH3().inspect(column, "place", settings_of())
    assert (finding.code, finding.fatal) == ("not-an-h3-index", False)
    assert finding.message == (
        "Column 'place' is declared h3 but 1 of 4 rows hold none that can be read, first at row 3: 'Berlin'."
    )
    (finding,) = InputH3().inspect(pl.Series("place", [1, 2, CELL]), "place", settings_of())
    assert (finding.code, finding.fatal) == ("not-an-h3-index", True)


@pytest.mark.parametrize("values", [[1.5, 2.5], [float(CELL)], [True], [["8928308280fffff"]]])
def test_other_values_than_integers_and_text_hold_no_cells(values: list) -> None:
    (finding,) = InputH3().inspect(pl.Series("place", values), "place", settings_of())
    assert (finding.code, finding.fatal) == ("wrong-column-type", True)


def test_a_stand_in_that_is_no_cell_is_refused() -> None:
    with pytest.raises(UserProblem, match="fill_value must be an H3 index as an integer; got 12"):
        facts_of(pl.Series("place", [CELL]), settings_of(fill_value=12))


def test_summaries_of_chunks_make_that_of_the_whole() -> None:
    column, preprocessing = pl.Series([CELL, None, COARSE, CELL]), settings_of(missing_value_strategy="fill_with_mode")
    operation = InputH3()
    parts = [operation.summarize(part, preprocessing) for part in (column.head(2), column.tail(2))]
    assert operation.merge(*parts) == operation.summarize(column, preprocessing)
