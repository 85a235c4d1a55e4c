"""As much of a source as a budget of bytes allows: all of it, or the first rows of its files.

Whoever shows data while somebody types must neither wait for nor hold a table of gigabytes. A cut file is copied into a
temporary folder and read like any other, so that types, missing values and mistakes are those that a training would see
in these rows.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from declml.data.decoding import found_encoding
from declml.data.packed import is_packed, name_inside, open_bytes, readable
from declml.data.sources import format_of
from declml.data.table import Reading, read_table
from declml.errors import UserProblem

MOST_BYTES = 96 * 1024 * 1024
"""Bytes that the table takes in memory, about, unless the caller says otherwise: some seconds of work, and less than
500 MB for all that is computed of it."""

_FIELD_BYTES = 16
"""What a value takes in a table beside its text."""
_LOOK_ROWS = 1000
_LOOK_BYTES = 65_536
_TABLES = ("parquet", "arrow")


@dataclass(frozen=True, slots=True)
class Start:
    """The rows that were read. ``share`` is how much of the source's bytes they are, 1 for all; None if unknown."""

    frame: pl.DataFrame
    files: int
    whole: bool
    share: float | None


@dataclass(frozen=True, slots=True)
class _Part:
    """What is read of one file: where that stands now, its bytes in memory, and the file's own bytes that it took."""

    path: Path
    size: int
    taken: float | None
    cut: bool


def read_start(paths: Sequence[Path], reading: Reading, *, most_bytes: int = MOST_BYTES) -> Start:
    """Return all rows of ``paths``, or the first ones of as many files as ``most_bytes`` allow.

    Whatever is wrong with these rows is a `UserProblem`, as from `read_table`.
    """
    with TemporaryDirectory(prefix="declml-start-") as folder:
        parts: list[_Part] = []
        left = most_bytes
        for index, path in enumerate(paths):
            part = _part(path, reading, left, Path(folder) / str(index))
            parts.append(part)
            left -= part.size
            if part.cut or left <= 0:
                break
        frame = read_table([part.path for part in parts], reading)
    whole = len(parts) == len(paths) and not parts[-1].cut
    taken = [part.taken for part in parts]
    known = [each for each in taken if each is not None]
    total = sum(_size(path) for path in paths)
    share = min(1.0, sum(known) / total) if len(known) == len(taken) and total else None
    return Start(frame, len(parts), whole, 1.0 if whole else share)


def fits_in_memory(paths: Sequence[Path], reading: Reading, *, most_bytes: int = MOST_BYTES) -> bool:
    """Return whether the table of all ``paths`` takes at most about ``most_bytes`` of memory."""
    left = most_bytes
    for path in paths:
        size = _size_in_memory(path, format_of(path, reading.format), reading, left)
        if size is None:
            return False
        left -= size
    return left >= 0


def _part(path: Path, reading: Reading, most_bytes: int, folder: Path) -> _Part:
    kind = format_of(path, reading.format)
    size = _size_in_memory(path, kind, reading, most_bytes)
    if size is not None:
        return _Part(path, size, _size(path), cut=False)
    folder.mkdir()
    # The same name, since messages tell it; only the ending of the compression is gone.
    copy = folder / name_inside(path)
    if kind in _TABLES:
        return _part_of_table(path, kind, copy, most_bytes)
    start, taken, _ = _start_of(path, max(1, int(most_bytes / _growth(path, kind, reading))))
    encoding = found_encoding(path, reading.encoding)[0]
    end = _end_of_rows(start, encoding, quoted=kind != "jsonl")
    copy.write_bytes(memoryview(start)[:end])
    return _Part(copy, most_bytes, None if taken is None else taken * end / len(start), cut=True)


def _size_in_memory(path: Path, kind: str, reading: Reading, most_bytes: int) -> int | None:
    """Return about how many bytes the table of a file takes, None for more than ``most_bytes``."""
    if kind in _TABLES:
        try:
            rows, width = _rows_and_width(path, kind)
        except (pl.exceptions.PolarsError, OSError):
            return 0  # whoever reads it says what is wrong with it
        return int(rows * width) if rows * width <= most_bytes else None
    growth = _growth(path, kind, reading)
    if not is_packed(path):
        size = int(_size(path) * growth)
        return size if size <= most_bytes else None
    start, _, cut = _start_of(path, max(1, int(most_bytes / growth)))
    return None if cut else int(len(start) * growth)


def _growth(path: Path, kind: str, reading: Reading) -> float:
    """Return how many bytes a table takes for each byte of its text, as the first rows show."""
    look, _, _ = _start_of(path, _LOOK_BYTES)
    sign = "," if kind == "jsonl" else reading.separator or ("\t" if kind == "tsv" else ",")
    fields = look.count(sign.encode()) + look.count(b"\n") + 1
    return (len(look) + _FIELD_BYTES * fields) / max(1, len(look))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UserProblem:
    reason = (error.strerror or str(error)).lower()
    return UserProblem("unreadable-source", f"{path} must be a readable file; got: {reason}.")


def _start_of(path: Path, most_bytes: int) -> tuple[bytes, float | None, bool]:
    """Return the first bytes of the text in a file, how much of the file they took if known, and whether there is
    more.
    """
    with readable(path), path.open("rb") as file, open_bytes(path, file) as unpacked:
        start = unpacked.read(most_bytes)
        # Of Zstandard large blocks are read ahead: where the file stands says nothing.
        taken = None if path.suffix.lower() == ".zst" else file.tell() if is_packed(path) else len(start)
        return start, taken, len(unpacked.read(1)) > 0


def _scan(path: Path, kind: str) -> pl.LazyFrame:
    return pl.scan_ipc(path) if kind == "arrow" else pl.scan_parquet(path, glob=False, hive_partitioning=False)


def _rows_and_width(path: Path, kind: str) -> tuple[int, float]:
    """Return the rows of a table's file and the bytes that one takes in memory: the file's own bytes say little."""
    table = _scan(path, kind)
    look = table.head(_LOOK_ROWS).collect()
    width = look.estimated_size() / max(1, look.height) + _FIELD_BYTES * look.width
    return int(table.select(pl.len()).collect().item()), max(1.0, width)


def _part_of_table(path: Path, kind: str, copy: Path, most_bytes: int) -> _Part:
    rows, width = _rows_and_width(path, kind)
    kept = _scan(path, kind).head(max(1, int(most_bytes / width))).collect()
    if kind == "arrow":
        kept.write_ipc(copy, compression="uncompressed")
    else:
        kept.write_parquet(copy, compression="uncompressed")
    return _Part(copy, most_bytes, _size(path) * kept.height / rows, cut=True)


def _end_of_rows(start: bytes, encoding: str | None, *, quoted: bool) -> int:
    """Return where the last whole row of ``start`` ends; a line break between quotes ends no row."""
    name = (encoding or "utf-8").removesuffix("-lossy")
    try:
        plain = '\n"'.encode(name) == b'\n"'
    except LookupError:
        return len(start)  # whoever reads it says that there is no such encoding
    if not plain:  # UTF-16 and the like
        decoder = codecs.getincrementaldecoder(name)("replace")
        text = decoder.decode(start)
        rest = len(text[text.rfind("\n") + 1 :].encode(name)) - len("".encode(name))
        return len(start) - rest - len(decoder.getstate()[0]) or len(start)
    last = end = start.rfind(b"\n")
    quotes = start.count(b'"', 0, end) if quoted and end >= 0 else 0
    while quotes % 2 and end >= 0:
        before = start.rfind(b"\n", 0, end)
        quotes -= start.count(b'"', max(before, 0), end)
        end = before
    return (end if end >= 0 else last) + 1 or len(start)
