"""Columns that other programs write in their own way are read as what they mean."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

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
