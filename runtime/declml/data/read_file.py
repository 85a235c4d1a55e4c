"""One file becomes a frame, or one sentence that says what is wrong with it and where."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import polars as pl

from declml.contracts import Finding
from declml.data.sources import ARRAY_HINT, format_of, is_array
from declml.errors import UserProblem

_LOOK = 65_536
_HEAD_ROWS = 10_000
_MAX_FIELD = 1 << 27


def read_file(
    path: Path,
    *,
    declared: str | None,
    separator: str | None,
    null_values: Sequence[str],
    encoding: str | None,
    as_text: Sequence[str] = (),
) -> pl.DataFrame:
    """Return all rows of one file. Types are inferred from every row: a late text in a number column is still read.

    Columns of a delimited file that are in ``as_text`` are text, whatever their values look like.
    """
    kind = format_of(path, declared)
    with _readable(path):
        _refuse_empty(path)
        if kind == "parquet":
            return _read_parquet(path)
        _refuse_binary(path, encoding)
        if kind == "jsonl":
            return _read_jsonl(path, encoding)
        return _read_csv(
            path,
            separator=separator_of(separator, kind),
            null_values=null_values,
            encoding=encoding,
            as_text=as_text,
        )


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
    with _readable(path):
        return len(_header(path, separator, encoding)) > 1


def header_findings(path: Path, *, declared: str | None = None, separator: str | None = None) -> list[Finding]:
    """Return a finding when the first line of a CSV looks like data, not like column names."""
    kind = format_of(path, declared)
    if kind not in {"csv", "tsv"} or path.suffix == ".zst":
        return []
    with _readable(path), _open_text(path, None) as file:
        names = next(csv.reader(file, delimiter=separator_of(separator, kind)), [])
    numbers = [name for name in names if _is_number(name)]
    if not numbers or len(numbers) * 2 < len(names):
        return []
    return [
        Finding(
            "no-header",
            f"The first line of {path.name} must hold the column names; got what looks like a row of data, such as"
            f" '{numbers[0]}'.",
        )
    ]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def _readable(path: Path) -> Generator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UserProblem("absent-source", f"{path} must be a file; got nothing there.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserProblem(
            "broken-source", f"{path.name} must be a whole gzip file; got a broken one ({error})."
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserProblem("unreadable-source", f"{path} must be a readable file; got: {reason}.") from error


def _refuse_empty(path: Path) -> None:
    if not _first_bytes(path).strip():
        raise UserProblem("empty-source", f"{path.name} must hold at least a header and one row; got an empty file.")


def _first_bytes(path: Path) -> bytes:
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            return file.read(_LOOK)
    with path.open("rb") as file:
        return file.read(_LOOK)


def _refuse_binary(path: Path, encoding: str | None) -> None:
    if path.suffix == ".zst" or _codec(encoding)[0] != "utf-8-sig":
        return
    start = _first_bytes(path)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UserProblem(
            "undecodable-source", f"{path.name} must be UTF-8 text; got UTF-16.", hint="Save the file as UTF-8."
        )
    if b"\0" in start or start.startswith((b"PAR1", b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\x1f\x8b")):
        raise UserProblem(
            "binary-source",
            f"{path.name} must be a text file; got binary bytes at the start.",
            hint="Say the format in the data section if the suffix does not tell it, such as `format: parquet`.",
        )


# --- CSV --------------------------------------------------------------------------------------------------------------


def _read_csv(
    path: Path, *, separator: str, null_values: Sequence[str], encoding: str | None, as_text: Sequence[str]
) -> pl.DataFrame:
    names = _header(path, separator, encoding)
    source = _as_utf8(path, encoding)
    texts = [name for name in as_text if name in names]
    try:
        frame = _typed(source, separator=separator, null_values=list(null_values), texts=texts)
    except pl.exceptions.PolarsError as error:
        _explain_undecodable(path, encoding)
        _explain_ragged(path, separator, len(names), encoding)
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-source", f"{path.name} must be a well-formed CSV; got: {reason}.") from error
    if path.suffix != ".zst" and frame.width > 1 and frame[frame.columns[-1]].null_count():
        # Polars fills a short row with missing values without a word: a cut-off download would pass unseen.
        _explain_ragged(path, separator, len(names), encoding)
    if len(names) == frame.width:
        frame.columns = names  # Polars leaves doubled quotes in a header as they are
    return frame


def _typed(source: Path | bytes, *, separator: str, null_values: list[str], texts: Sequence[str]) -> pl.DataFrame:
    """Return the table with the types of its first rows, or of all rows where those mislead.

    To look at every row for its type costs five times the reading itself, and few files need it: those where a later
    value does not fit, and those with a column that begins with nothing but missing values.
    """

    def read(rows: int | None) -> pl.DataFrame:
        return pl.read_csv(
            source,
            separator=separator,
            null_values=null_values,
            infer_schema_length=rows,
            schema_overrides=dict.fromkeys(texts, pl.String),
        )

    try:
        frame = read(_HEAD_ROWS)
    except pl.exceptions.ComputeError:
        return read(None)
    head = frame.head(_HEAD_ROWS)
    if frame.height > _HEAD_ROWS and any(column.null_count() == head.height for column in head):
        return read(None)
    return frame


def _codec(encoding: str | None) -> tuple[str, str]:
    """Return Python's name of an encoding and what to do with bytes that it does not know."""
    if encoding is None:
        return "utf-8-sig", "strict"
    name, lossy = (encoding.removesuffix("-lossy"), "replace") if encoding.endswith("-lossy") else (encoding, "strict")
    try:
        known = codecs.lookup(name).name
    except LookupError as error:
        raise UserProblem(
            "unknown-encoding", f"encoding must be a known text encoding, such as utf8 or latin-1; got '{encoding}'."
        ) from error
    return ("utf-8-sig" if known in {"utf-8", "ascii"} else known), lossy


def _as_utf8(path: Path, encoding: str | None) -> Path | bytes:
    """Return what Polars can read: the path itself where its bytes are UTF-8, or the bytes in UTF-8."""
    name, errors = _codec(encoding)
    if name == "utf-8-sig" and errors == "strict":
        return path
    if path.suffix == ".zst":
        raise UserProblem(
            "unknown-encoding", f"{path.name} must be UTF-8, as every .zst file; got encoding '{encoding}'."
        )
    raw = _raw(path)
    try:
        return raw.decode(name, errors).encode()
    except UnicodeDecodeError as error:
        raise _undecodable(path, raw, error) from error


def _raw(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _undecodable(path: Path, raw: bytes, error: UnicodeDecodeError) -> UserProblem:
    line = raw.count(b"\n", 0, error.start) + 1
    return UserProblem(
        "undecodable-source",
        f"{path.name} must be {error.encoding.upper()} text; got the byte 0x{raw[error.start]:02x} on line {line:,}"
        f" (byte {error.start:,}).",
        hint="Save the file as UTF-8, or name its encoding in the data section, such as `encoding: cp1252`.",
    )


def _explain_undecodable(path: Path, encoding: str | None) -> None:
    """Raise the problem of the first byte that is not text, if there is one."""
    if path.suffix == ".zst":
        return
    name, errors = _codec(encoding)
    raw = _raw(path)
    try:
        raw.decode(name, errors)
    except UnicodeDecodeError as error:
        raise _undecodable(path, raw, error) from error


@contextmanager
def _open_text(path: Path, encoding: str | None) -> Generator[TextIO]:
    name, _ = _codec(encoding)
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding=name, errors="replace", newline="") as file:
            yield io.StringIO(file.read(), newline="")
        return
    with path.open(encoding=name, errors="replace", newline="") as file:
        yield file


def _header(path: Path, separator: str, encoding: str | None) -> list[str]:
    if path.suffix == ".zst":
        return pl.read_csv(path, separator=separator, n_rows=0, infer_schema=False).columns
    with _open_text(path, encoding) as file:
        names = next((row for row in csv.reader(file, delimiter=separator) if row), [])
    seen: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if name in seen:
            raise UserProblem(
                "duplicate-column",
                f"The column names of {path.name} must differ; got '{name}' as column {seen[name]} and as column"
                f" {place}.",
            )
        seen[name] = place
    return names


def _explain_ragged(path: Path, separator: str, width: int, encoding: str | None) -> None:
    """Raise the problem of the first row with more or fewer fields than the header, if there is one."""
    if path.suffix == ".zst":
        return
    limit = csv.field_size_limit(_MAX_FIELD)
    try:
        with _open_text(path, encoding) as file:
            rows = csv.reader(file, delimiter=separator, strict=True)
            next(rows, None)
            for number, row in enumerate(rows, start=1):
                if row and len(row) != width:
                    raise UserProblem(
                        "ragged-row",
                        f"Row {number:,} of {path.name} (line {rows.line_num:,}) must have {width} fields; got"
                        f" {len(row)}.",
                        hint="Put a field that contains the separator in double quotes.",
                    )
    except csv.Error as error:
        raise UserProblem(
            "broken-source",
            f"{path.name} must be a well-formed CSV; got: {error} (often a quote that is never closed).",
        ) from error
    finally:
        csv.field_size_limit(limit)


# --- JSON Lines and Parquet -------------------------------------------------------------------------------------------


def _read_jsonl(path: Path, encoding: str | None) -> pl.DataFrame:
    source = _as_utf8(path, encoding)
    if isinstance(source, Path) and path.suffix == ".gz":
        source = gzip.decompress(path.read_bytes())
    try:
        return pl.read_ndjson(source, infer_schema_length=None)
    except pl.exceptions.PolarsError as error:
        _explain_undecodable(path, encoding)
        _explain_json(path, encoding)
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-source", f"{path.name} must hold one JSON object a line; got: {reason}.") from error


def _explain_json(path: Path, encoding: str | None) -> None:
    hint = ARRAY_HINT if is_array(path) else ""
    with _open_text(path, encoding) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError as error:
                raise UserProblem(
                    "broken-source",
                    f"Line {number:,} of {path.name} must be a JSON object; got a broken one ({error}).",
                    hint=hint,
                ) from error
            if not isinstance(value, dict):
                raise UserProblem(
                    "broken-source",
                    f"Line {number:,} of {path.name} must be a JSON object; got a {type(value).__name__}.",
                    hint=hint,
                )


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False, hive_partitioning=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-source", f"{path.name} must be a whole Parquet file; got: {reason}.") from error
