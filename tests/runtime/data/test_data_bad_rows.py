"""Compressed files, encodings, Arrow, and rows that are left out: what is odd is told with file and row."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import polars as pl
import pytest
from backports import zstd

from declml.data.cache import Cache, content_hash_of_files
from declml.data.read_start import read_start
from declml.data.table import Reading, load_table, read_files, read_table
from declml.errors import UserProblem

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd.compress}


def written(tmp_path: Path, content: str | bytes, name: str = "d.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_every_compression_gives_the_same_table(tmp_path: Path, kind: str, ending: str) -> None:
    frame = pl.DataFrame({"n": range(3000), "t": [f"word {n % 7}" for n in range(3000)]})
    plain = tmp_path / f"d.{kind}"
    frame.write_csv(plain) if kind == "csv" else frame.write_ndjson(plain)
    packed = written(tmp_path, PACKERS[ending](plain.read_bytes()), f"d.{kind}.{ending}")
    assert read_table([packed]).equals(frame)
    start = read_start([packed], Reading(), most_bytes=20_000)
    assert not start.whole and start.frame.equals(frame.head(start.frame.height))


@pytest.mark.parametrize("ending", PACKERS)
def test_a_compressed_file_that_is_cut_is_a_problem(tmp_path: Path, ending: str) -> None:
    whole = PACKERS[ending](b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(9000)))
    cut = written(tmp_path, whole[: len(whole) // 2], f"d.csv.{ending}")
    with pytest.raises(UserProblem, match=r"d\.csv\.\w+ must be a whole \w+ file") as caught:
        read_table([cut])
    assert caught.value.code == "broken-source"


@pytest.mark.parametrize("ending", PACKERS)
def test_rows_are_told_inside_a_compressed_file_too(tmp_path: Path, ending: str) -> None:
    bad = written(tmp_path, PACKERS[ending](b"a,b\n1,2\n1,2,3\n"), f"d.csv.{ending}")
    with pytest.raises(UserProblem, match=r"Row 2 of d\.csv\.\w+ \(line 3\) must have 2 fields; got 3"):
        read_table([bad])
    no_text = written(tmp_path, PACKERS[ending](b"a,b\n1,ok\n2,caf\xe9\n"), f"e.csv.{ending}")
    with pytest.raises(UserProblem, match="byte 0xe9 on line 3"):
        read_table([no_text])
    assert read_table([no_text], Reading(encoding="cp1252"))["b"].to_list() == ["ok", "café"]


def test_arrow_and_feather_are_tables_like_any_other(tmp_path: Path) -> None:
    frame = pl.DataFrame({"name": ["Ann", None], "age": [31, 7], "since": ["2020-01-01", "2021-02-03"]})
    frame = frame.with_columns(pl.col("since").str.to_date())
    frame.write_ipc(tmp_path / "d.arrow")
    frame.write_ipc(tmp_path / "d.feather", compression="zstd")
    frame.write_ipc_stream(tmp_path / "s.arrow")
    for name in ("d.arrow", "d.feather", "s.arrow"):
        assert read_table([tmp_path / name]).equals(frame), name
    assert read_table([tmp_path / "d.arrow", tmp_path / "d.feather"]).height == 4
    start = read_start([tmp_path / "d.arrow"], Reading(), most_bytes=60)
    assert start.frame.equals(frame.head(1)) and not start.whole


@pytest.mark.parametrize(
    ("content", "name", "code", "said"),
    [
        (b"ARROW1\0\0 and no more", "d.arrow", "broken-source", "must be a whole Arrow file"),
        (b"no table at all", "d.feather", "broken-source", "must be a whole Arrow file"),
        (b"FEA1 of long ago", "d.feather", "broken-source", "got Feather in its first version"),
        (gzip.compress(b"PAR1", mtime=0), "d.parquet.gz", "packed-table", "a Parquet file is so inside"),
    ],
)
def test_a_bad_table_file_is_a_problem(tmp_path: Path, content: bytes, name: str, code: str, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        read_table([written(tmp_path, content, name)])
    assert caught.value.code == code


def test_bad_rows_can_be_left_out_and_are_counted_and_listed(tmp_path: Path) -> None:
    text = b'a,b\n1,x\n2,y,z\n3\n"4","two\nlines"\n5,caf\xe9\n6,w\n'
    frame, findings = read_files([written(tmp_path, text)], Reading(bad_rows="skip"))
    assert frame.to_dict(as_series=False) == {"a": [1, 4, 6], "b": ["x", "two\nlines", "w"]}
    assert [each.code for each in findings] == ["skipped-rows"]
    assert findings[0].message == (
        "3 of 6 rows were left out of d.csv: row 2 (line 3) has 3 fields instead of 2; row 3 (line 4) has 1 field"
        " instead of 2; row 5 (line 7) is no UTF-8 text."
    )


def test_a_short_row_that_polars_would_fill_is_left_out_too(tmp_path: Path) -> None:
    frame, findings = read_files([written(tmp_path, "a,b\n1,x\n2\n3,\n")], Reading(bad_rows="skip"))
    assert frame.to_dict(as_series=False) == {"a": [1, 3], "b": ["x", None]}
    assert "row 2 (line 3) has 1 field instead of 2" in findings[0].message


def test_many_bad_rows_are_counted_and_the_first_ones_listed(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * 30 + "1,2,3\n" * 25
    frame, findings = read_files([written(tmp_path, text)], Reading(bad_rows="skip"))
    assert frame.height == 30
    assert findings[0].message.startswith("25 of 55 rows were left out of d.csv: row 31 (line 32)")
    assert findings[0].message.endswith("; and 15 more.")


def test_broken_json_lines_can_be_left_out(tmp_path: Path) -> None:
    text = '{"a": 1}\n{"a": 2\n[3]\n\n{"a": 4}\n'
    frame, findings = read_files([written(tmp_path, text, "d.jsonl")], Reading(bad_rows="skip"))
    assert frame["a"].to_list() == [1, 4]
    assert "line 2 is a broken one" in findings[0].message and "line 3 is a list" in findings[0].message


def test_good_files_are_the_same_whatever_becomes_of_bad_rows(tmp_path: Path) -> None:
    file = written(tmp_path, 'a,b\n1,"q ""x"""\n\n2,\n')
    frame, findings = read_files([file], Reading(bad_rows="skip"))
    assert frame.equals(read_table([file])) and not findings


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('a,b\n1,"never closed\n2,3\n', "broken-source", "in the row that begins on line 2"),
        ("a,b\n1\n2,3,4\n", "empty-table", "at least one row that can be read"),
        ("a,a\n1,2\n", "duplicate-column", "must differ"),
        (b"a,caf\xe9\n1\n2,3\n", "undecodable-source", "byte 0xe9 on line 1"),
    ],
)
def test_what_cannot_be_left_out_stays_a_problem(tmp_path: Path, text, code: str, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        read_table([written(tmp_path, text)], Reading(bad_rows="skip"))
    assert caught.value.code == code


def test_left_out_rows_are_told_again_from_the_cache(tmp_path: Path) -> None:
    file = written(tmp_path, "a,b\n1,x\n2\n")
    sha, cache, reading = content_hash_of_files([file]), Cache(tmp_path / "cache"), Reading(bad_rows="skip")
    first, again = load_table(cache, [file], sha, reading), load_table(cache, [file], sha, reading)
    assert again.cached and again.findings == first.findings and again.findings[0].code == "skipped-rows"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8", "utf-8-sig"])
def test_an_encoding_is_found_by_its_mark(tmp_path: Path, encoding: str) -> None:
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    file = written(tmp_path, mark + "a,b\n1,čaj\n".encode(encoding))
    frame, findings = read_files([file], Reading(encoding="auto"))
    assert frame.to_dict(as_series=False) == {"a": [1], "b": ["čaj"]} and not findings


def test_a_guessed_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    file = written(tmp_path, b"a,b\n1,ok\n2,caf\xe9\n")
    frame, findings = read_files([file], Reading(encoding="auto"))
    assert frame["b"].to_list() == ["ok", "café"]
    assert (
        findings[0].code == "guessed-encoding" and "byte 0xe9 on line 3. It was read as cp1252" in findings[0].message
    )
    file = written(tmp_path, b"a,b\n1,\x81\xe9\n")  # 0x81 is nothing in cp1252
    assert "latin-1" in read_files([file], Reading(encoding="auto"))[1][0].message


def test_rows_of_another_encoding_are_left_out_by_their_line(tmp_path: Path) -> None:
    text = "a,b\n1,x\n2,y,z\n".encode("utf-16")
    frame, findings = read_files([written(tmp_path, text)], Reading(encoding="utf-16", bad_rows="skip"))
    assert frame["a"].to_list() == [1] and "row 2 (line 3)" in findings[0].message
