"""Files that are larger than memory become a table of many small files: read, cut and stored a part at a time.

The rows, their order, their types and what is told of bad ones are those of `declml.data.table.read_files`; only how
much of them is in memory at once differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from declml.contracts import Finding
from declml.data.bad_rows import Kept, explain_json, explain_ragged, header_of, readable_objects, readable_rows
from declml.data.columns import HASHED_ROWS
from declml.data.decoding import explain_undecodable, found_encoding, refuse_binary, unpacked_copy
from declml.data.packed import readable
from declml.data.read_file import FileReading, read_file, refuse_empty, separator_of, skipped
from declml.data.sources import ARRAY_HINT, format_of, is_array
from declml.data.stack import is_mixed, require_same
from declml.data.typed_csv import HEAD_ROWS, all_missing_at_first
from declml.errors import UserProblem

SHARD_STEP = HASHED_ROWS
"""Rows of a stored part are a multiple of this, but for the last: hashes are taken over so many rows at a time."""
_MOST_SHARD_ROWS = 1 << 20
_PARTS_IN_MEMORY = 16
_LOOK_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Read:
    """One file as an Arrow file on the disk, and what is odd about it."""

    path: Path
    findings: tuple[Finding, ...] = ()

    def scan(self) -> pl.LazyFrame:
        """Return its rows, read when they are asked for."""
        return pl.scan_ipc(self.path)


def read_in_parts(
    paths: Sequence[Path], how: FileReading, scratch: Path, *, most_bytes: int, sides: Sequence[int] | None, side: str
) -> Iterator[tuple[pl.DataFrame, tuple[Finding, ...]]]:
    """Yield all rows of ``paths`` in their order, a part at a time, with what is odd about the files at the first part.

    A part takes about a sixteenth of ``most_bytes``; the folder ``scratch`` holds what is unpacked meanwhile. With
    ``sides``, each row has that of its file in column ``side``.
    """
    reads = [_read(path, how, scratch / f"{place}") for place, path in enumerate(paths)]
    schemas = [pl.read_ipc_schema(each.path) for each in reads]
    for schema, path in zip(schemas[1:], paths[1:], strict=True):
        require_same(list(schemas[0]), list(schema), paths[0], path)
    reads = _with_texts(reads, paths, how, scratch)
    findings = tuple(each for read in reads for each in read.findings)
    for place, (read, types) in enumerate(zip(reads, _casts(reads), strict=True)):
        for part in _slices(read.scan().select(types), most_bytes):
            if sides is not None:
                part = part.with_columns(pl.lit(sides[place], pl.UInt8).alias(side))
            yield part, findings
            findings = ()


def _slices(rows: pl.LazyFrame, most_bytes: int) -> Iterator[pl.DataFrame]:
    size = shard_rows(rows.head(_LOOK_ROWS).collect(), most_bytes)
    total = int(rows.select(pl.len()).collect().item())
    for start in range(0, total, size):
        yield rows.slice(start, size).collect()


def shard_rows(look: pl.DataFrame, most_bytes: int) -> int:
    """Return how many rows like those of ``look`` are a part, a multiple of `SHARD_STEP`."""
    width = max(1.0, look.estimated_size() / max(1, look.height))
    wanted = int(most_bytes / _PARTS_IN_MEMORY / width)
    return min(_MOST_SHARD_ROWS, max(SHARD_STEP, wanted // SHARD_STEP * SHARD_STEP))


def rebuffered(parts: Iterator[pl.DataFrame], size: int) -> Iterator[pl.DataFrame]:
    """Yield the same rows in parts of exactly ``size`` rows, but for the last."""
    waiting: list[pl.DataFrame] = []
    count = 0
    for part in parts:
        waiting.append(part)
        count += part.height
        while count >= size:
            whole = pl.concat(waiting)
            yield whole.head(size).rechunk()
            waiting, count = [whole.slice(size)], count - size
    if count:
        yield pl.concat(waiting).rechunk()


# --- one file ---------------------------------------------------------------------------------------------------------


def _read(path: Path, how: FileReading, scratch: Path) -> Read:
    scratch.mkdir(exist_ok=True)
    kind = format_of(path, how.declared)
    target = scratch / "rows.arrow"
    with readable(path):
        refuse_empty(path)
        if kind == "parquet":
            return _sunk(pl.scan_parquet(path, glob=False, hive_partitioning=False), path, target, "Parquet")
        if kind == "arrow":
            with path.open("rb") as file:
                if file.read(6) != b"ARROW1":  # a stream, which only whole reading understands
                    frame = read_file(path, how).frame
                    frame.write_ipc(target, compression="uncompressed")
                    return Read(target)
            return _sunk(pl.scan_ipc(path), path, target, "Arrow")
        encoding, guessed = found_encoding(path, how.encoding)
        refuse_binary(path, encoding)
        how = replace(how, encoding=encoding, separator=separator_of(how.separator, kind))
        read = _read_text(path, how, kind, scratch)
        return read if guessed is None else Read(read.path, (guessed, *read.findings))


def _sunk(rows: pl.LazyFrame, path: Path, target: Path, kind: str) -> Read:
    try:
        rows.sink_ipc(target, compression="uncompressed")
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-source", f"{path.name} must be a whole {kind} file; got: {reason}.") from error
    return Read(target)


def _read_text(path: Path, how: FileReading, kind: str, scratch: Path) -> Read:
    delimited = kind != "jsonl"
    separator = how.separator or ","
    names = header_of(path, separator, how.encoding) if delimited else []
    target = scratch / "rows.arrow"

    def sink(source: Path) -> Read:
        if delimited:
            _sink_csv(source, target, names, how)
        else:
            pl.scan_ndjson(source, infer_schema_length=None).sink_ipc(target, compression="uncompressed")
        return Read(target)

    def without_bad_rows() -> Read | None:
        clean = scratch / "clean"
        with clean.open("wb") as into:
            kept: Kept = (
                readable_rows(path, separator, len(names), how.encoding, into)
                if delimited
                else readable_objects(path, how.encoding, into)
            )
        if not kept.wrong:
            return None
        finding = skipped(path, kept)
        return Read(sink(clean).path, (finding,))

    try:
        plain = unpacked_copy(path, how.encoding, scratch / "plain")
        read = sink(plain)
    except (pl.exceptions.PolarsError, UserProblem) as error:
        again = without_bad_rows() if how.bad_rows == "skip" else None
        if again is not None:
            return again
        if isinstance(error, UserProblem):
            raise
        _explain(path, how, delimited, len(names))
        rule = "be a well-formed CSV" if delimited else "hold one JSON object a line"
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-source", f"{path.name} must {rule}; got: {reason}.") from error
    if delimited and len(names) > 1 and read.scan().select(pl.col(names[-1]).null_count()).collect().item():
        # Polars fills a short row with missing values without a word.
        if how.bad_rows == "skip":
            return without_bad_rows() or read
        explain_ragged(path, separator, len(names), how.encoding)
    return read


def _explain(path: Path, how: FileReading, delimited: bool, width: int) -> None:  # noqa: FBT001 - of two kinds of text
    explain_undecodable(path, how.encoding)
    if delimited:
        explain_ragged(path, how.separator or ",", width, how.encoding)
    else:
        explain_json(path, how.encoding, ARRAY_HINT if is_array(path) else "")


def _sink_csv(source: Path, target: Path, names: Sequence[str], how: FileReading) -> None:
    """Write a delimited file as Arrow with the types of its first rows, or of all rows where those mislead."""

    def sink(rows: int | None) -> None:
        scan = pl.scan_csv(
            source,
            separator=how.separator or ",",
            null_values=list(how.null_values),
            infer_schema_length=rows,
            schema_overrides={name: pl.String for name in how.as_text if name in names},
            glob=False,
        )
        found = scan.collect_schema().names()
        if len(found) == len(names):
            scan = scan.rename(dict(zip(found, names, strict=True)))
        scan.sink_ipc(target, compression="uncompressed")

    try:
        sink(HEAD_ROWS)
    except pl.exceptions.ComputeError:
        sink(None)
        return
    head = pl.scan_ipc(target).head(HEAD_ROWS + 1).collect()
    if all_missing_at_first(head):
        sink(None)


# --- several files ----------------------------------------------------------------------------------------------------


def _with_texts(reads: list[Read], paths: Sequence[Path], how: FileReading, scratch: Path) -> list[Read]:
    """Return the files with what is text in one of them as text in all, as `declml.data.stack` does."""
    if len(reads) == 1:
        return reads
    counts = [_missing(each) for each in reads]
    schemas = [pl.read_ipc_schema(each.path) for each in reads]
    both = list(zip(schemas, counts, strict=True))
    texts = [name for name in schemas[0] if is_mixed([(types[name], empty[name]) for types, empty in both])]
    answer: list[Read] = []
    for place, (read, path) in enumerate(zip(reads, paths, strict=True)):
        wanted = [name for name in texts if schemas[place][name] != pl.String]
        delimited = format_of(path, how.declared) in {"csv", "tsv"}
        if wanted and delimited:
            again = replace(how, as_text=(*how.as_text, *wanted))
            read = _read(path, again, scratch / f"{place}-text")
        answer.append(read)
    return answer


def _missing(read: Read) -> dict[str, bool]:
    """Return by column whether it has no value at all."""
    row: dict[str, Any] = read.scan().select(pl.all().count()).collect().row(0, named=True)
    return {name: count == 0 for name, count in row.items()}


def _casts(reads: Sequence[Read]) -> list[list[pl.Expr]]:
    """Return for each file the columns in one order and with one type each: the one that holds all values."""
    schemas = [pl.read_ipc_schema(each.path) for each in reads]
    empty = [_missing(each) for each in reads] if len(reads) > 1 else [{}]
    chosen: dict[str, Any] = {}
    for name in schemas[0]:
        kinds = [s[name] for s, e in zip(schemas, empty, strict=True) if not e.get(name)] or [schemas[0][name]]
        frames = [pl.DataFrame({name: pl.Series([], dtype=kind)}) for kind in kinds]
        try:
            chosen[name] = pl.concat(frames, how="vertical_relaxed").schema[name]
        except pl.exceptions.PolarsError:
            chosen = dict.fromkeys(schemas[0], pl.String)  # nothing but text holds all of them
            break
    return [[pl.col(name).cast(dtype) for name, dtype in chosen.items()] for _ in reads]
