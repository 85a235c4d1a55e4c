"""Columns that other programs write in their own way are read as what they mean."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from declml.components.features.binary import InputBinary, InputBinaryPreprocessing
from declml.components.features.category import (
    InputCategory,
    InputCategoryPreprocessing,
    OutputCategory,
    OutputCategoryPreprocessing,
)
from declml.data.table import Reading, read_table


def test_decimals_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "prices.parquet"
    pl.DataFrame({"price": [Decimal("1.25"), None, Decimal("3.50")]}).write_parquet(path)
    assert read_table([path])["price"].to_list() == [1.25, None, 3.5]


def test_quotes_in_a_header_are_those_of_the_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('"q""uote",b\n1,2\n')
    assert read_table([path]).columns == ['q"uote', "b"]


def test_types_that_the_first_rows_do_not_show_are_found(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = [f"{row},,{row}" for row in range(12_000)] + ["0.5,7,x"]
    path.write_text("\n".join(["late_float,late_number,late_text", *rows]) + "\n")
    assert read_table([path]).dtypes == [pl.Float64, pl.Int64, pl.String]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf8"])
def test_text_is_read_in_the_encoding_that_the_config_names(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("größe,b\nsüß,2\n".encode(encoding))
    table = read_table([path], Reading(encoding=encoding))
    assert table.to_dict(as_series=False) == {"größe": ["süß"], "b": [2]}


# --- true and false ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("True", "False"), ("TRUE", "FALSE"), ("true", "false")])
def test_a_csv_column_of_true_and_false_holds_truth_values(tmp_path: Path, words: tuple[str, str]) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,c\n" + f"{words[0]},1,{words[0]}\n,2,maybe\n{words[1]},3,x\n")
    table = read_table([path])
    assert table["a"].to_list() == [True, None, False]
    assert table["c"].to_list() == [words[0], "maybe", "x"]


def test_truth_values_are_decided_over_all_files(tmp_path: Path) -> None:
    paths = [tmp_path / f"{part}.csv" for part in range(3)]
    for path, first in zip(paths, ("True", "", "false"), strict=True):
        path.write_text(f"a,b\n{first},True\n{first},False\n")
    (tmp_path / "3.csv").write_text("a,b\nTrue,Maybe\n")
    assert read_table(paths)["a"].to_list() == [True, True, None, None, False, False]
    mixed = read_table([*paths, tmp_path / "3.csv"])
    assert mixed["b"].unique().sort().to_list() == ["False", "Maybe", "True"]


def test_a_column_without_a_value_is_no_truth_column(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n,1\n,2\n")
    assert read_table([path])["a"].dtype == pl.String


@pytest.mark.parametrize(
    ("learned", "met"),
    [
        (["True", "False", "unsure"], [True, False, True]),
        (["true", "false", "unsure"], ["True", "FALSE", "true"]),
        ([True, False, True], ["True", "False", "TRUE"]),
    ],
)
def test_true_and_false_are_one_label_as_text_and_as_values(learned: list, met: list) -> None:
    for operation, preprocessing in (
        (InputCategory(), InputCategoryPreprocessing().model_dump()),
        (OutputCategory(), OutputCategoryPreprocessing().model_dump()),
    ):
        column = pl.Series("a", learned)
        facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
        known = operation.encode(column, facts, preprocessing).values
        encoded = operation.encode(pl.Series("a", met), facts, preprocessing)
        assert encoded.values.tolist() == [known[0], known[1], known[0]]
        assert encoded.keep is None and not encoded.counts.get("unseen") and not encoded.counts.get("unseen_dropped")


def test_labels_that_differ_in_case_stay_apart_where_training_saw_both() -> None:
    operation, preprocessing = InputCategory(), InputCategoryPreprocessing().model_dump()
    column = pl.Series("a", ["True", "true", "true"])
    facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    assert operation.encode(pl.Series("a", ["True", "true"]), facts, preprocessing).values.tolist() == [2, 1]


def test_a_stand_in_that_is_a_truth_value_is_that_label() -> None:
    operation, preprocessing = InputCategory(), InputCategoryPreprocessing(fill_value="True").model_dump()
    column = pl.Series("a", [True, None, False])
    facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    assert (facts["vocabulary"], facts["counts"]) == (["<UNK>", "true", "false"], [0, 2, 1])


def test_a_binary_whose_true_label_is_false_reads_values_as_it_reads_text() -> None:
    operation = InputBinary()
    preprocessing = InputBinaryPreprocessing(fallback_true_label="False").model_dump()
    column = pl.Series("a", ["True", "False", "True"])
    facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    encoded = operation.encode(pl.Series("a", [True, False]), facts, preprocessing)
    assert (encoded.values.tolist(), encoded.counts["unreadable"]) == ([0.0, 1.0], 0)
