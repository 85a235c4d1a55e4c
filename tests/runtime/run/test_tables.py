"""New rows are read as the rows of the training were: the same text means the same, whatever else the file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from declml.errors import UserProblem
from declml.run.tables import reading_again, table_of

TYPES = {"code": "String", "flag": "String", "n": "Int64", "ready": "Boolean"}


def read(path: Path, **data: Any) -> pl.DataFrame:
    return table_of(path, reading_again(data, TYPES))


def written(tmp_path: Path, text: str, name: str = "new.csv", encoding: str = "utf8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_what_was_text_in_training_is_text_again(tmp_path: Path) -> None:
    table = read(written(tmp_path, "code,flag,n,ready\n007,True,7,True\n"))
    assert table.row(0) == ("007", "True", 7, True)


@pytest.mark.parametrize(
    ("text", "name"),
    [("code;n\n1;2\n", "new.csv"), ("code,n\n1,2\n", "new.csv"), ("code\tn\n1\t2\n", "new.tsv")],
)
def test_the_separator_of_the_training_is_used_where_the_header_has_it(tmp_path: Path, text: str, name: str) -> None:
    assert read(written(tmp_path, text, name), separator=";").to_dicts() == [{"code": "1", "n": 2}]


def test_missing_values_and_the_encoding_are_those_of_the_training(tmp_path: Path) -> None:
    path = written(tmp_path, "code,n\nsüß,?\nNA,1\n", encoding="latin-1")
    table = read(path, null_values=["?"], encoding="latin-1")
    assert table.to_dict(as_series=False) == {"code": ["süß", "NA"], "n": [None, 1]}


def test_a_format_is_that_of_the_name_and_else_that_of_the_training(tmp_path: Path) -> None:
    frame = pl.DataFrame({"code": ["7"], "n": [1]})
    frame.write_parquet(tmp_path / "new.parquet")
    assert read(tmp_path / "new.parquet", format="csv", separator=";").equals(frame)
    assert read(written(tmp_path, "code,n\n7,1\n", "new.rows"), format="csv").equals(frame)
    with pytest.raises(UserProblem, match="must end in"):
        read(written(tmp_path, "code,n\n7,1\n", "new.rows"))


def test_the_subset_of_the_training_is_not_taken_again(tmp_path: Path) -> None:
    path = written(tmp_path, "code,n\n7,1\n8,2\n")
    assert read(path, limit=1, where="n > 5", columns=["n"], sample=1).height == 2
