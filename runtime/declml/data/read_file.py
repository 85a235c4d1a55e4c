"""One file becomes a frame, or one sentence that says what is wrong with it and where."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import IO, Literal

import polars as pl

from declml.contracts import Finding
from declml.data.bad_rows import (
    Kept,
    explain_json,
    explain_ragged,
    header_of,
    readable_objects,
    readable_rows,
)
from declml.data.decoding import (
    as_utf8,
    explain_undecodable,
    first_bytes,
    found_encoding,
    refuse_binary,
)
from declml.data.packed import is_packed, readable
from declml.data.sources import ARRAY_HINT, format_of, is_array
from declml.data.typed_csv import is_number, read_typed
from declml.errors import UserProblem


@dataclass(frozen=True, slots=True)
class FileReading:
    """How one file is read. Columns of a delimited file in ``as_text`` are text, whatever their values look like."""

    declared: str | None = None
    separator: str | None = None
    null_values: Sequence[str] = ()
    encoding: str | None = None
    as_text: Sequence[str] = ()
    bad_rows: Literal["error", "skip"] = "error"


@dataclass(frozen=True, slots=True)
class FileRead:
    """The rows of one file and what is odd about it."""

    frame: pl.DataFrame
    findings: Sequence[Finding] = field(default_factory=tuple[Finding, ...])


def read_file(path: Path, how: FileReading) -> FileRead:
    """Return all rows of one file. Types are inferred from every row: a late text in a number column is still read."""
    kind = format_of(path, how.declared)
    with readable(path):
        refuse_empty(path)
        if kind == "parquet":
            return FileRead(_read_parquet(path))
        if kind == "arrow":
            return FileRead(_read_arrow(path))
        encoding, guessed = found_encoding(path, how.encoding)
        refuse_binary(path, encoding)
        how = replace(how, encoding=encoding, separator=separator_of(how.separator, kind))
        read = _read_jsonl(path, how) if kind == "jsonl" else _read_csv(path, how)
        return read if guessed is None else FileRead(read.frame, (guessed, *read.findings))


def separator_of(declared: str | None, kind: str) -> str:
    """Return what stands between the values of a file of that kind: as declared, else a tab in a TSV, else a comma."""
    if declared is None:
        return "\t" if kind == "tsv" else ","
    if len(declared) != 1:
        raise UserProblem("bad-separator", f"separator must be one character; got {declared!r}.")
    return declared


def is_cut_by(path: Path, separator: str, *, declared: str | None, encoding: str | None) -> bool:
    """Return whether the header of a delimited file has several names with that separator."""
    if format_of(path, declared) not in {"csv", "tsv"}:
        return False
    with readable(path):
        return len(header_of(path, separator, found_encoding(path, encoding)[0])) > 1


def header_findings(path: Path, *, declared: str | None = None, separator: str | None = None) -> list[Finding]:
    """Return a finding when the first line of a CSV looks like data, not like column names."""
    kind = format_of(path, declared)
    if kind not in {"csv", "tsv"}:
        return []
    with readable(path):
        start = first_bytes(path).decode("utf-8-sig", "replace")
    names = next(csv.reader(StringIO(start, newline=""), delimiter=separator_of(separator, kind)), [])
    numbers = [name for name in names if is_number(name)]
    if not numbers or len(numbers) * 2 < len(names):
        return []
    return [
        Finding(
            "no-header",
            f"The first line of {path.name} must hold the column names; got what looks like a row of data, such as"
            f" '{numbers[0]}'.",
        )
    ]


def refuse_empty(path: Path) -> None:
    """Refuse a file without a byte that says something."""
    if not first_bytes(path).strip():
        raise UserProblem("empty-source", f"{path.name} must hold at least a header and one row; got an empty file.")


# --- text: CSV, TSV and JSON Lines ------------------------------------------------------------------------------------


def _read_csv(path: Path, how: FileReading) -> FileRead:
    separator = how.separator or ","
    names = header_of(path, separator, how.encoding)
    texts = [name for name in how.as_text if name in names]

    def typed(source: Path | bytes) -> pl.DataFrame:
        return read_typed(source, separator=separator, null_values=list(how.null_values), texts=texts)

    def keep(into: IO[bytes]) -> Kept:
        return readable_rows(path, separator, len(names), how.encoding, into)

    def explain() -> None:
        explain_undecodable(path, how.encoding)
        explain_ragged(path, separator, len(names), how.encoding)

    read = _read_text(path, how, typed, keep, explain, "be a well-formed CSV")
    if not read.findings and read.frame.width > 1 and read.frame[read.frame.columns[-1]].null_count():
        # Polars fills a short row with missing values without a word: a cut-off download would pass unseen.
        if how.bad_rows == "skip":
            read = _without_bad_rows(path, typed, keep) or read
        else:
            explain_ragged(path, separator, len(names), how.encoding)
    if len(names) == read.frame.width:
        read.frame.columns = names  # Polars leaves doubled quotes in a header as they are
    return read


def _read_text(
    path: Path,
    how: FileReading,
    parse: Callable[[Path | bytes], pl.DataFrame],
    keep: Callable[[IO[bytes]], Kept],
    explain: Callable[[], None],
    rule: str,
) -> FileRead:
    """Return the rows as ``parse`` reads them; where it cannot, leave the bad rows out or ``explain`` them."""
    try:
        return FileRead(parse(as_utf8(path, how.encoding)))
    except (pl.exceptions.PolarsError, UserProblem) as error:
        read = _without_bad_rows(path, parse, keep) if how.bad_rows == "skip" else None
        if read is not None:
            return read
        if isinstance(error, UserProblem):
            raise
        explain()
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-source", f"{path.name} must {rule}; got: {reason}.") from error


def _without_bad_rows(
    path: Path, parse: Callable[[Path | bytes], pl.DataFrame], keep: Callable[[IO[bytes]], Kept]
) -> FileRead | None:
    """Return what remains of a file, None where no row of it is bad; nothing that remains is a `UserProblem`."""
    text = BytesIO()
    kept = keep(text)
    if not kept.wrong:
        return None
    finding = skipped(path, kept)
    return FileRead(parse(text.getvalue()), (finding,))


def skipped(path: Path, kept: Kept) -> Finding:
    """Return what was left out of a file; a file that has nothing else is a `UserProblem`."""
    if len(kept.wrong) == kept.rows:
        raise UserProblem(
            "empty-table", f"{path.name} must have at least one row that can be read; got: {kept.wrong[0]}."
        )
    return kept.finding(path)


def _read_jsonl(path: Path, how: FileReading) -> FileRead:
    def explain() -> None:
        explain_undecodable(path, how.encoding)
        explain_json(path, how.encoding, ARRAY_HINT if is_array(path) else "")

    def parse(source: Path | bytes) -> pl.DataFrame:
        return pl.read_ndjson(source, infer_schema_length=None)

    def keep(into: IO[bytes]) -> Kept:
        return readable_objects(path, how.encoding, into)

    return _read_text(path, how, parse, keep, explain, "hold one JSON object a line")


# --- tables: Parquet and Arrow ----------------------------------------------------------------------------------------


def _read_parquet(path: Path) -> pl.DataFrame:
    _refuse_packed(path, "Parquet")
    try:
        return pl.read_parquet(path, glob=False, hive_partitioning=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-source", f"{path.name} must be a whole Parquet file; got: {reason}.") from error


def _read_arrow(path: Path) -> pl.DataFrame:
    _refuse_packed(path, "Arrow")
    start = first_bytes(path)[:6]
    if start.startswith(b"FEA1"):
        raise UserProblem(
            "broken-source",
            f"{path.name} must be an Arrow file; got Feather in its first version.",
            hint="Save it anew: every newer Feather file is an Arrow file.",
        )
    try:
        return pl.read_ipc(path) if start == b"ARROW1" else pl.read_ipc_stream(path)
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-source", f"{path.name} must be a whole Arrow file; got: {reason}.") from error


def _refuse_packed(path: Path, kind: str) -> None:
    if is_packed(path):
        raise UserProblem(
            "packed-table",
            f"{path.name} must not be compressed as a whole: a {kind} file is so inside; got a {path.suffix} file.",
            hint="Unpack it.",
        )
