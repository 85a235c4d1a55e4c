"""The first rows of a source that is too large to read: whole rows, of every format, with what is known of the rest."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from declml.data.read_start import fits_in_memory, read_start
from declml.data.table import Reading, read_table
from declml.errors import UserProblem

PLAIN = Reading()
COUNT = 4000


def frame(count: int = COUNT) -> pl.DataFrame:
    return pl.DataFrame(
        {"n": range(count), "x": [each * 0.25 for each in range(count)], "t": [f"word {each}" for each in range(count)]}
    )


def written(folder: Path, kind: str) -> tuple[Path, Reading]:
    table, path = frame(), folder / f"rows.{kind}"
    folder.mkdir(exist_ok=True)
    if kind == "parquet":
        table.write_parquet(path)
    elif kind == "jsonl":
        table.write_ndjson(path)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(table.write_csv().encode()))
    elif kind == "csv.zst":
        if shutil.which("zstd") is None:
            pytest.skip("zstd is not installed")
        plain = folder / "rows.csv"
        table.write_csv(plain)
        subprocess.run(["zstd", "-q", "--rm", str(plain)], check=True)
    elif kind == "utf16.csv":
        path.write_bytes(table.write_csv().encode("utf-16"))
        return path, Reading(encoding="utf-16")
    else:
        table.write_csv(path, separator="\t" if kind == "tsv" else ",")
    return path, PLAIN


@pytest.mark.parametrize("kind", ["csv", "tsv", "csv.gz", "csv.zst", "utf16.csv", "jsonl", "parquet"])
def test_a_large_file_gives_its_first_rows_whole(tmp_path: Path, kind: str) -> None:
    path, reading = written(tmp_path, kind)
    start = read_start([path], reading, most_bytes=100_000)
    assert not start.whole and 200 < start.frame.height < COUNT
    assert start.frame.equals(frame().head(start.frame.height))
    assert not fits_in_memory([path], reading, most_bytes=100_000)
    if kind == "csv.zst":
        assert start.share is None
    else:
        assert start.share is not None
        # A packed file's head is unpacked in blocks, which a small file has few of.
        assert start.frame.height / start.share == pytest.approx(COUNT, rel=0.9 if kind == "csv.gz" else 0.2)


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "csv.zst", "jsonl", "parquet"])
def test_a_small_file_is_read_whole(tmp_path: Path, kind: str) -> None:
    path, reading = written(tmp_path, kind)
    start = read_start([path], reading)
    assert (start.whole, start.share, start.files) == (True, 1.0, 1)
    assert start.frame.equals(read_table([path], reading))
    assert fits_in_memory([path], reading)


def test_files_are_read_as_far_as_the_budget_goes(tmp_path: Path) -> None:
    paths = [written(tmp_path / str(each), "csv")[0] for each in range(3)]
    whole = read_start(paths, PLAIN)
    assert whole.whole and whole.files == 3 and whole.frame.height == 3 * COUNT
    some = read_start(paths, PLAIN, most_bytes=450_000)
    assert not some.whole and some.files == 2 and COUNT < some.frame.height < 2 * COUNT
    assert some.share is not None and some.frame.height / some.share == pytest.approx(3 * COUNT, rel=0.1)
    assert fits_in_memory(paths, PLAIN) and not fits_in_memory(paths, PLAIN, most_bytes=450_000)


def test_a_line_break_between_quotes_ends_no_row(tmp_path: Path) -> None:
    rows = pl.DataFrame({"a": range(3000), "text": [f'line of {each}\nand "another", said\n' for each in range(3000)]})
    rows.write_csv(tmp_path / "rows.csv")
    sizes = [read_start([tmp_path / "rows.csv"], PLAIN, most_bytes=size) for size in range(40_000, 40_200, 3)]
    for start in sizes:
        assert not start.whole and start.frame.equals(rows.head(start.frame.height))
    assert len({start.frame.height for start in sizes}) > 1


def test_few_letters_make_a_large_table(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n" + "1\n" * 100_000)
    assert (tmp_path / "rows.csv").stat().st_size < 300_000
    assert not fits_in_memory([tmp_path / "rows.csv"], PLAIN, most_bytes=1_000_000)
    start = read_start([tmp_path / "rows.csv"], PLAIN, most_bytes=1_000_000)
    assert not start.whole and start.frame.height * 16 < 1_100_000


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("d.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 9000, mtime=0)[:-20], "broken-source"),
        ("d.csv.gz", b"no gzip at all", "broken-source"),
        ("d.csv.zst", b"\x28\xb5\x2f\xfd and no more", "broken-source"),
        ("d.csv", b"", "empty-source"),
        ("d.csv", b"a,b\n1,2,3\n" + b"1,2\n" * 90_000, "ragged-row"),
        ("d.csv", b"a,b\n1,\xff\n" + b"1,2\n" * 90_000, "undecodable-source"),
        ("d.jsonl", b'{"a": \n' * 90_000, "broken-source"),
        ("d.parquet", b"PAR1 and no more", "broken-source"),
        ("d.xlsx", b"PK", "unknown-format"),
    ],
)
def test_what_is_wrong_at_the_start_is_told_as_ever(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserProblem) as caught:
        read_start([tmp_path / name], PLAIN, most_bytes=100_000)
    assert caught.value.code == code
    assert name.removesuffix(".gz").removesuffix(".zst") in caught.value.message


def test_an_unknown_encoding_is_told_as_ever(tmp_path: Path) -> None:
    path, _ = written(tmp_path, "csv")
    with pytest.raises(UserProblem, match="known text encoding"):
        read_start([path], Reading(encoding="klingon"), most_bytes=100_000)
