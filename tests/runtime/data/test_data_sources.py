"""From what a config says about its data to files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from declml.data.sources import format_of, locate
from declml.errors import UserProblem


def folder_with(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    return tmp_path


def test_a_path_a_pattern_and_a_list_name_files_in_order(tmp_path: Path) -> None:
    base = folder_with(tmp_path, "b.csv", "a.csv", "deep/c.csv", "x [1].csv")
    assert locate("b.csv", base=base) == [base / "b.csv"]
    assert locate(str(base / "b.csv"), base=Path("/")) == [base / "b.csv"]
    assert [each.name for each in locate("?.csv", base=base)] == ["a.csv", "b.csv"]
    assert [each.name for each in locate("**/c.csv", base=base)] == ["c.csv"]
    assert [each.name for each in locate(["b.csv", "deep/*.csv"], base=base)] == ["b.csv", "c.csv"]
    # A name with the signs of a pattern is a name when there is such a file.
    assert locate("x [1].csv", base=base) == [base / "x [1].csv"]


def test_the_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder_with(tmp_path, "d.csv")))
    assert locate("~/d.csv", base=Path("/")) == [tmp_path / "d.csv"]


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("pepole.csv", "absent-source", "must be a file; got nothing"),
        ("*.parquet", "absent-source", "must match at least one file"),
        ("bare", "absent-source", "must hold data files"),
        ([], "absent-source", "at least one file"),
    ],
)
def test_an_ill_formed_source_is_a_problem(tmp_path: Path, source, code: str, said: str) -> None:
    folder_with(tmp_path, "people.csv", "bare/notes.txt")
    with pytest.raises(UserProblem, match=said) as caught:
        locate(source, base=tmp_path)
    assert caught.value.code == code
    if source == "pepole.csv":
        assert caught.value.hint == "Did you mean 'people.csv'?"


def test_a_file_without_the_right_to_read_is_a_problem(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    folder_with(tmp_path, "d.csv")
    (tmp_path / "d.csv").chmod(0)
    with pytest.raises(UserProblem, match="no right to read"):
        locate("d.csv", base=tmp_path)


@pytest.mark.parametrize(
    ("name", "declared", "expected"),
    [
        ("a.csv", None, "csv"),
        ("a.CSV.gz", None, "csv"),
        ("a.tsv", "auto", "tsv"),
        ("a.jsonl.zst", None, "jsonl"),
        ("a.ndjson", None, "jsonl"),
        ("a.parquet", None, "parquet"),
        ("a.data", "csv", "csv"),
        ("a.csv", "ndjson", "jsonl"),
    ],
)
def test_the_format_is_declared_or_told_by_the_suffix(name: str, declared: str | None, expected: str) -> None:
    assert format_of(Path(name), declared) == expected


def test_an_unknown_format_is_a_problem() -> None:
    with pytest.raises(UserProblem, match=r"must end in \.csv"):
        format_of(Path("a.xlsx"))
    with pytest.raises(UserProblem, match="must be csv, tsv, jsonl, parquet or arrow"):
        format_of(Path("a.csv"), "excel")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("d.json", '[{"a": 1},\n {"a": 2}]', "one JSON array"),
        ("d.JSON", "\ufeff \n[1]", "one JSON array"),
        ("d.json", '{"a": 1}\n{"a": 2}\n', "`format: jsonl`"),
        ("d.xlsx", "PK", "Save the sheet as CSV"),
        ("d.orc", "", "Save the table as Parquet"),
        ("d.data", "a;b", "`format: csv`"),
    ],
)
def test_a_format_that_is_not_read_says_the_way_out_of_its_own(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserProblem) as caught:
        format_of(path)
    assert caught.value.code == "unknown-format"
    assert said in caught.value.hint
    assert ("csv" in caught.value.hint) == ("`format: csv`" in said)


def test_the_format_of_a_file_that_is_gone_is_told_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="must end in") as caught:
        format_of(tmp_path / "gone.json")
    assert "`format: jsonl`" in caught.value.hint


def test_a_folder_names_its_data_files(tmp_path: Path) -> None:
    base = folder_with(tmp_path, "t/part-1.csv", "t/part-0.csv", "t/_SUCCESS", "t/.part-0.csv.crc", "t/README.md")
    assert [each.name for each in locate("t", base=base)] == ["part-0.csv", "part-1.csv"]
    assert locate("t/", base=base) == locate("t", base=base)


def test_a_folder_of_two_formats_is_a_problem(tmp_path: Path) -> None:
    folder_with(tmp_path, "t/a.csv", "t/b.csv.gz", "t/c.parquet")
    with pytest.raises(UserProblem, match=r"must have one format; got 'a\.csv' and 'c\.parquet'") as caught:
        locate("t", base=tmp_path)
    assert caught.value.code == "mixed-formats" and "t/*.csv" in caught.value.hint
