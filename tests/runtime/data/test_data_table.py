"""Files and in-memory tables become one stored frame; bad files become sentences with a place."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from declml.data.cache import Cache, content_hash_of_files
from declml.data.columns import column_hash
from declml.data.subset import subset
from declml.data.table import Reading, from_frame, load_frame, load_table, read_table, stored_table
from declml.errors import UserProblem

PEOPLE = "name,age,city\nAnn,31,Bern\nBob,,Ulm\nCy,47,Bern\nDi,28,\n"


def written(tmp_path: Path, text: str | bytes, name: str = "d.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_every_format_gives_the_same_table(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": ["Ann", "Bob"], "age": [31, None], "share": [0.5, 2.0]})
    frame.write_csv(tmp_path / "d.csv")
    frame.write_csv(tmp_path / "d.tsv", separator="\t")
    frame.write_ndjson(tmp_path / "d.jsonl")
    frame.write_parquet(tmp_path / "d.parquet")
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress((tmp_path / "d.csv").read_bytes()))
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress((tmp_path / "d.jsonl").read_bytes()))
    for name in ("d.csv", "d.tsv", "d.jsonl", "d.parquet", "d.csv.gz", "d.jsonl.gz"):
        assert read_table([tmp_path / name]).equals(frame), name


def test_a_late_text_makes_a_text_column_and_no_crash(tmp_path: Path) -> None:
    file = written(tmp_path, "a\n" + "1\n" * 20_000 + "late\n")
    assert read_table([file])["a"].to_list()[-1] == "late"


def test_bom_quotes_windows_lines_and_separators_are_read(tmp_path: Path) -> None:
    file = written(tmp_path, b'\xef\xbb\xbfname;note\r\nAnn;"two\r\nlines; one field"\r\n')
    assert read_table([file], Reading(separator=";")).to_dicts() == [{"name": "Ann", "note": "two\r\nlines; one field"}]


@pytest.mark.parametrize("word", ["NA", "NaN", '""', '"NA"'])
@pytest.mark.parametrize("row", [1, 1_500, 60_000])
def test_a_word_for_missing_is_seen_wherever_it_stands(tmp_path: Path, word: str, row: int) -> None:
    """The start of a file, and the columns that it has without the word, decide how the whole is read."""
    lines = [f"{place},{place / 2},t{place},{place % 2 == 0}" for place in range(60_001)]
    lines[row] = f"{word},{word},{word},{word}"
    file = tmp_path / "a.csv"
    file.write_text("whole,half,text,truth\n" + "\n".join(lines) + "\n")
    frame = read_table([file])
    assert frame.dtypes == [pl.Int64, pl.Float64, pl.String, pl.Boolean]
    assert [frame[name].null_count() for name in frame.columns] == [1, 1, 1, 1]
    assert all(frame[name][row] is None for name in frame.columns)


@pytest.mark.parametrize(("word", "other"), [("-1", "1"), ("true", "false")])
def test_what_is_a_value_elsewhere_can_mean_missing(tmp_path: Path, word: str, other: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"a\n{other}\n{word}\n{other}\n")
    assert read_table([file], Reading(null_values=(word,)))["a"].is_null().to_list() == [False, True, False]


def test_null_values_are_missing_and_a_config_can_choose_them(tmp_path: Path) -> None:
    file = written(tmp_path, "a,b\n1,NA\n?,x\n,\n")
    assert read_table([file])["b"].to_list() == [None, "x", None]
    chosen = read_table([file], Reading(null_values=("?",)))
    assert chosen["a"].to_list() == [1, None, None] and chosen["b"].to_list() == ["NA", "x", None]


@pytest.mark.parametrize(
    ("content", "name", "code", "said"),
    [
        ("", "d.csv", "empty-source", "got an empty file"),
        (" \n\n", "d.csv", "empty-source", "got an empty file"),
        ("a,b\n", "d.csv", "empty-table", "got a header only"),
        (b"\x89PNG\r\n\x1a\n\0\0", "d.csv", "binary-source", "got binary bytes"),
        (b"a,b\n1,\x00\n", "d.csv", "binary-source", "got binary bytes"),
        (b"PAR1rubbishPAR1", "d.csv", "binary-source", "got binary bytes"),
        ("a,b,a\n1,2,3\n", "d.csv", "duplicate-column", "got 'a' as column 1 and as column 3"),
        ("a,b\n1,2\n1,2,3\n", "d.csv", "ragged-row", r"Row 2 of d.csv \(line 3\) must have 2 fields; got 3"),
        ("a,b\n1,2\n3\n4,5\n", "d.csv", "ragged-row", r"Row 2 of d.csv \(line 3\) must have 2 fields; got 1"),
        ('a,b\n"x\ny",2\n"z"\n', "d.csv", "ragged-row", r"Row 2 of d.csv \(line 4\)"),
        ('a,b\n1,"never closed\n', "d.csv", "broken-source", "quote that is never closed"),
        (b"a,b\n1,ok\n2,caf\xe9\n", "d.csv", "undecodable-source", r"byte 0xe9 on line 3 \(byte 14\)"),
        ("a\tb\n1\t2\t3\n", "d.tsv", "ragged-row", "must have 2 fields; got 3"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", "d.csv", "undecodable-source", "got UTF-16"),
        (
            '{"a": 1}\n{"a": 2\n',
            "d.jsonl",
            "broken-source",
            "Line 2 of d.jsonl must be a JSON object; got a broken one",
        ),
        ('{"a": 1}\n[2]\n', "d.jsonl", "broken-source", "Line 2 of d.jsonl must be a JSON object; got a list"),
        ("", "d.jsonl", "empty-source", "got an empty file"),
        (b"PAR1 is only the start", "d.parquet", "broken-source", "must be a whole Parquet file"),
        (b"", "d.parquet", "empty-source", "got an empty file"),
        (b"\x1f\x8b cut", "d.csv.gz", "broken-source", "must be a whole gzip file"),
    ],
)
def test_a_bad_file_is_a_problem_with_its_place(tmp_path: Path, content, name: str, code: str, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        read_table([written(tmp_path, content, name)])
    assert caught.value.code == code


def test_bytes_that_are_no_text_can_be_replaced_or_decoded(tmp_path: Path) -> None:
    file = written(tmp_path, b"a,b\n1,caf\xe9\n")
    assert read_table([file], Reading(encoding="utf8-lossy"))["b"].to_list() == ["caf\ufffd"]
    assert read_table([file], Reading(encoding="latin-1"))["b"].to_list() == ["café"]
    with pytest.raises(UserProblem, match="must be a known text encoding"):
        read_table([file], Reading(encoding="latin-99"))
    with pytest.raises(UserProblem, match="byte 0xe9 on line 2"):
        read_table([file], Reading(encoding="ascii"))


def test_a_first_line_of_data_is_told(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    bad, good = written(tmp_path, "5.1,3.5,setosa\n4.9,3.0,setosa\n"), written(tmp_path, PEOPLE, "p.csv")
    table = load_table(cache, [bad], content_hash_of_files([bad]))
    assert [each.code for each in table.findings] == ["no-header"]
    assert "such as '5.1'" in table.findings[0].message
    assert load_table(cache, [bad], content_hash_of_files([bad])).findings == table.findings
    assert load_table(cache, [good], content_hash_of_files([good])).findings == ()


def test_several_files_are_joined_when_their_columns_agree(tmp_path: Path) -> None:
    one, two = written(tmp_path, "a,b\n1,x\n", "1.csv"), written(tmp_path, "b,a\ny,2.5\n", "2.csv")
    assert read_table([one, two]).to_dict(as_series=False) == {"a": [1.0, 2.5], "b": ["x", "y"]}
    mixed = written(tmp_path, "a,b\nmany,z\n", "3.csv")
    assert read_table([one, mixed])["a"].to_list() == ["1", "many"]
    other = written(tmp_path, "a,c\n1,x\n", "4.csv")
    with pytest.raises(UserProblem, match=r"4\.csv has no column 'b'"):
        read_table([one, other])


def test_where_limit_sample_and_columns_choose_the_rows(tmp_path: Path) -> None:
    file = written(tmp_path, PEOPLE)
    kept = read_table([file], Reading(where="age > 30 AND city = 'Bern'", columns=("name",)))
    assert kept.to_dict(as_series=False) == {"name": ["Ann", "Cy"]}
    assert read_table([file], Reading(limit=2))["name"].to_list() == ["Ann", "Bob"]
    frame = pl.DataFrame({"row": range(1000)})
    part = subset(frame, Reading(sample=0.3, seed=7))
    assert 250 < part.height < 350 and part["row"].is_sorted()
    assert part.equals(subset(frame, Reading(sample=0.3, seed=7)))
    assert not part.equals(subset(frame, Reading(sample=0.3, seed=8)))
    assert subset(frame, Reading(sample=10, seed=1)).height == 10
    grown = subset(pl.DataFrame({"row": range(1200)}), Reading(sample=0.3, seed=7))
    assert grown.filter(pl.col("row") < 1000).equals(part)


@pytest.mark.parametrize(
    ("reading", "code", "said"),
    [
        (Reading(where="agee > 3"), "bad-where", "got the unknown column 'agee'"),
        (Reading(where="age >"), "bad-where", "must be a SQL condition"),
        (Reading(where="DROP TABLE x"), "bad-where", "must be a SQL condition"),
        (Reading(where="age > 'old'"), "bad-where", "must be a SQL condition"),
        (Reading(where="age + 1"), "bad-where", "must be a SQL condition"),
        (Reading(where="age > 1000"), "empty-table", "got none of 4"),
        (Reading(columns=("nmae",)), "absent-column", "Column 'nmae' must be in the data"),
        (Reading(sample=0.0001, seed=3), "empty-table", "must leave at least one row"),
        (Reading(separator=""), "bad-separator", "must be one character"),
    ],
)
def test_a_subset_that_cannot_be_taken_is_a_problem(tmp_path: Path, reading: Reading, code: str, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        read_table([written(tmp_path, PEOPLE)], reading)
    assert caught.value.code == code
    if code == "absent-column":
        assert caught.value.hint == "Did you mean 'name'?"


@pytest.mark.parametrize("content", ['[{"a": 1}]', '[\n  {"a": 1},\n  {"a": 2}\n]\n'])
def test_a_json_array_that_is_read_as_lines_says_the_way_out(tmp_path: Path, content: str) -> None:
    with pytest.raises(UserProblem, match=r"Line 1 of d\.jsonl must be a JSON object") as caught:
        read_table([written(tmp_path, content, "d.jsonl")])
    assert "one JSON array" in caught.value.hint


def test_a_stored_table_is_read_back_and_its_key_is_its_content(tmp_path: Path) -> None:
    cache, file = Cache(tmp_path / "cache"), written(tmp_path, PEOPLE)
    sha = content_hash_of_files([file])
    first = load_table(cache, [file], sha)
    assert (first.cached, first.reason, first.rows, first.columns) == (False, "absent", 4, ("name", "age", "city"))
    again = load_table(Cache(tmp_path / "cache"), [file], sha)
    assert again.cached and again.key == first.key
    assert again.frame.equals(read_table([file]))
    assert again.column("age").to_list() == [31, None, 47, 28]
    moved = written(tmp_path, PEOPLE, "moved.csv")
    assert load_table(cache, [moved], content_hash_of_files([moved])).cached
    assert not load_table(cache, [file], sha, Reading(limit=2)).cached
    stored = stored_table(cache, first.key)
    assert stored is not None and stored.rows == 4
    assert stored_table(cache, "0" * 64) is None
    with pytest.raises(UserProblem, match="Column 'aeg' must be in the data"):
        again.column("aeg")


def test_a_file_that_changes_while_it_is_read_is_a_problem(tmp_path: Path) -> None:
    file = written(tmp_path, PEOPLE)
    sha = content_hash_of_files([file])
    file.write_text(PEOPLE + "Ed,50,Ulm\n")
    with pytest.raises(UserProblem, match=r"d\.csv must not change while being read") as caught:
        load_table(Cache(tmp_path / "cache"), [file], sha)
    assert caught.value.code == "data-changed"


def test_frames_of_every_library_give_the_same_stored_table(tmp_path: Path) -> None:
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    columns = {"name": ["Ann", None, "Cy"], "age": [31.0, None, 47.0], "member": [True, False, True]}
    frame = pl.DataFrame(columns)
    tables = [frame, frame.lazy(), columns, pandas.DataFrame(columns), pyarrow.table(columns)]
    tables.append([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    assert all(from_frame(each).equals(frame) for each in tables)
    keys = {load_frame(Cache(tmp_path), from_frame(each)).key for each in tables}
    assert len(keys) == 1
    assert load_frame(Cache(tmp_path), frame).frame.equals(frame)
    assert load_frame(Cache(tmp_path), frame, Reading(where="age > 40")).rows == 1


def test_pandas_columns_of_every_kind_are_read() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(
        {
            "when": pandas.to_datetime(["2024-01-02", None]),
            "kind": pandas.Categorical(["a", None]),
            "count": pandas.array([1, None], dtype="Int64"),
            "mixed": pandas.Series([1, "x"], dtype=object),
        }
    )
    frame = from_frame(table)
    assert frame["kind"].to_list() == ["a", None] and frame["count"].to_list() == [1, None]
    assert frame["when"].null_count() == 1 and frame["when"].dtype.is_temporal()
    assert frame["mixed"].to_list() == ["1", "x"]
    with pytest.raises(UserProblem, match="Column names must differ"):
        from_frame(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


def test_what_is_no_table_is_a_problem() -> None:
    with pytest.raises(UserProblem, match="got a int"):
        from_frame(3)


@pytest.mark.parametrize(
    ("text", "reading", "separator"),
    [
        ("name;age\nAnn;31\n", Reading(), ";"),
        ("name\tage\nAnn\t31\n", Reading(), "\\t"),
        ("name|age\nAnn|31\n", Reading(), "|"),
        ("name,age\nAnn,31\n", Reading(separator=";"), ","),
    ],
)
def test_an_absent_column_of_a_table_that_was_not_cut_names_the_separator(
    tmp_path: Path, text: str, reading: Reading, separator: str
) -> None:
    with pytest.raises(UserProblem, match="Column 'age' must be in the data") as caught:
        read_table([written(tmp_path, text)], replace(reading, columns=("age",)))
    assert f'`separator: "{separator}"`' in caught.value.hint
    with pytest.raises(UserProblem) as caught:
        read_table([written(tmp_path, text)], replace(reading, where="age > 3"))
    assert f'`separator: "{separator}"`' in caught.value.hint


def test_the_key_of_a_table_is_what_decides_its_content_and_nothing_else(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")

    def key(name: str, reading: Reading = Reading(), text: str = PEOPLE) -> str:  # noqa: B008 - frozen
        file = written(tmp_path, text, name)
        return load_table(cache, [file], content_hash_of_files([file]), reading).key

    plain = key("people.csv")
    assert key("people.2024.v2.csv") == key("people.CSV") == plain
    assert key("people.data", Reading(format="csv")) == plain
    assert key("p.csv", Reading(seed=9)) == plain  # nothing is drawn
    assert key("p.csv", Reading(sample=2, seed=9)) != key("p.csv", Reading(sample=2, seed=8))
    assert key("p.csv", Reading(separator=",")) == plain
    assert key("p.csv", Reading(separator=";")) != plain
    assert key("p.csv", Reading(null_values=("NA", ""))) == key("p.csv", Reading(null_values=("NA",))) != plain
    assert key("p.csv", Reading(columns=("city", "name"))) == key("p.csv", Reading(columns=("name", "city"))) != plain
    # The same bytes are another table where another format reads them.
    one = "a\n"
    assert len({key("x.csv", text=one + "1\n"), key("x.tsv", text=one + "1\n")}) == 2


def test_the_columns_of_a_subset_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, PEOPLE)
    assert read_table([file], Reading(columns=("city", "name"))).columns == ["name", "city"]


def test_a_table_in_memory_is_the_same_in_any_order_of_its_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    cache = Cache(tmp_path)
    assert load_frame(cache, frame).key == load_frame(cache, frame.select("b", "a")).key
    assert load_frame(cache, frame).key != load_frame(cache, frame.rename({"a": "b", "b": "a"})).key


def test_a_column_that_training_read_as_text_can_be_read_as_text_again(tmp_path: Path) -> None:
    file = written(tmp_path, "code,flag,n\n007,True,1\n010,False,2\n")
    assert read_table([file]).dtypes == [pl.Int64, pl.Boolean, pl.Int64]
    read = read_table([file], Reading(as_text=("code", "flag", "absent")))
    assert (read["code"].to_list(), read["flag"].to_list()) == (["007", "010"], ["True", "False"])
    assert read["n"].to_list() == [1, 2]


def test_a_column_that_is_text_in_one_file_keeps_its_spelling_in_all(tmp_path: Path) -> None:
    one, two = written(tmp_path, "code,n,gap\n007,1,\n", "1.csv"), written(tmp_path, "code,n,gap\nA1,2,5\n", "2.csv")
    read = read_table([one, two])
    assert (read["code"].to_list(), read["n"].to_list(), read["gap"].to_list()) == (["007", "A1"], [1, 2], [None, 5])


@given(st.lists(st.none() | st.text(max_size=5), max_size=30), st.integers(0, 29))
def test_the_hash_of_a_column_tells_values_and_places_apart_but_not_chunks(
    values: list[str | None], place: int
) -> None:
    column = pl.Series("a", values, dtype=pl.String)
    place = min(place, len(values))
    pieces = column.head(place).append(column.slice(place))
    assert column_hash(pieces) == column_hash(column) == column_hash(column.alias("b"))
    assert column_hash(pl.Series([*values, None], dtype=pl.String)) != column_hash(column)
    if values:
        changed = [*values[:-1], (values[-1] or "") + "x"]
        assert column_hash(pl.Series(changed, dtype=pl.String)) != column_hash(column)


def test_the_hash_of_a_column_knows_types_and_missing_values() -> None:
    hashes = [
        column_hash(each)
        for each in (
            pl.Series([1, 2, None]),
            pl.Series([1, 2, 0]),
            pl.Series([1.0, 2.0, 0.0]),
            pl.Series(["1", "2", "0"]),
            pl.Series(["12", "", "0"]),
            pl.Series([True, False, None]),
            pl.Series([[1], [2], [0]]),
            pl.Series(np.array(["2024-01-01", "2024-01-02", "2024-01-03"], dtype="datetime64[ms]")),
        )
    ]
    assert len(set(hashes)) == len(hashes)
    assert column_hash(pl.Series(["a", "b"], dtype=pl.Categorical)) == column_hash(pl.Series(["a", "b"]))
