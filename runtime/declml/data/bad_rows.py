"""Rows that are not what their file promises: told with file, row and line, or left out where the config says so."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from declml.contracts import Finding
from declml.data.decoding import codec, undecodable
from declml.data.packed import open_bytes
from declml.errors import UserProblem

_MAX_FIELD = 1 << 27
_LISTED = 10


@dataclass(slots=True)
class Kept:
    """How many rows a file has, and what is wrong with those that were left out, in their order."""

    rows: int
    wrong: list[str] = field(default_factory=list[str])

    def finding(self, path: Path) -> Finding:
        """Return what was left out, counted and listed."""
        some = "; ".join(self.wrong[:_LISTED])
        more = f"; and {len(self.wrong) - _LISTED:,} more" if len(self.wrong) > _LISTED else ""
        were = "row was" if len(self.wrong) == 1 else "rows were"
        return Finding(
            "skipped-rows", f"{len(self.wrong):,} of {self.rows:,} {were} left out of {path.name}: {some}{more}."
        )


def header_of(path: Path, separator: str, encoding: str | None) -> list[str]:
    """Return the column names of a delimited file; one that stands there twice is a `UserProblem`."""
    with _text_lines(path, encoding) as lines:
        found = next((row for row in csv.reader(lines, delimiter=separator) if row), [])
    names = [name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name in found]
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


def explain_ragged(path: Path, separator: str, width: int, encoding: str | None) -> None:
    """Raise the problem of the first row with more or fewer fields than the header, if there is one."""
    with _text_lines(path, encoding) as lines:
        for record in _records(path, lines, separator):
            if record.fields and record.fields != width and record.number:
                raise UserProblem(
                    "ragged-row",
                    f"Row {record.number:,} of {path.name} (line {record.line:,}) must have {width} fields; got"
                    f" {record.fields}.",
                    hint="Put a field that contains the separator in double quotes, or leave such rows out with"
                    " `bad_rows: skip` in the data section.",
                )


def readable_rows(path: Path, separator: str, width: int, encoding: str | None, into: IO[bytes]) -> Kept:
    """Write the rows that have ``width`` fields and hold nothing but text, the header first, as UTF-8.

    A quote that is never closed stays a `UserProblem`: nobody can tell where the rows after it begin.
    """
    wrong: list[str] = []
    rows = 0
    with _text_lines(path, encoding) as lines:
        for record in _records(path, lines, separator):
            if record.number == 0:
                if _is_strange(record.text, encoding):
                    raise undecodable(path, encoding)
                into.write(record.text.encode())
                continue
            rows += 1
            place = f"row {record.number:,} (line {record.line:,})"
            if _is_strange(record.text, encoding):
                wrong.append(f"{place} is no {_shown(encoding)} text")
            elif record.fields and record.fields != width:
                fields = "field" if record.fields == 1 else "fields"
                wrong.append(f"{place} has {record.fields} {fields} instead of {width}")
            else:
                into.write(record.text.encode())
    return Kept(rows, wrong)


def explain_json(path: Path, encoding: str | None, hint: str) -> None:
    """Raise the problem of the first line that is not a JSON object, if there is one."""
    with _text_lines(path, encoding) as lines:
        for number, line in enumerate(lines, start=1):
            said = _json_fault(line)
            if said:
                raise UserProblem(
                    "broken-source", f"Line {number:,} of {path.name} must be a JSON object; got {said}.", hint=hint
                )


def readable_objects(path: Path, encoding: str | None, into: IO[bytes]) -> Kept:
    """Write the lines of a file that are JSON objects, as UTF-8."""
    wrong: list[str] = []
    rows = 0
    with _text_lines(path, encoding) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            rows += 1
            said = f"no {_shown(encoding)} text" if _is_strange(line, encoding) else _json_fault(line)
            if said:
                wrong.append(f"line {number:,} is {said}")
            else:
                into.write((line if line.endswith("\n") else f"{line}\n").encode())
    return Kept(rows, wrong)


def _json_fault(line: str) -> str:
    if not line.strip():
        return ""
    try:
        value = json.loads(line)
    except ValueError as error:
        return f"a broken one ({error})"
    return "" if isinstance(value, dict) else f"a {type(value).__name__}"


@dataclass(frozen=True, slots=True)
class _Record:
    """One record as it stands in the file: ``number`` is 0 for the header, ``line`` where it ends."""

    number: int
    line: int
    fields: int
    text: str


def _records(path: Path, lines: Iterator[str], separator: str) -> Iterator[_Record]:
    taken: list[str] = []

    def passing() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    limit = csv.field_size_limit(_MAX_FIELD)
    began = 1
    try:
        rows = csv.reader(passing(), delimiter=separator, strict=True)
        number = 0
        for row in rows:
            yield _Record(number, rows.line_num, len(row), "".join(taken))
            number += bool(row) or number > 0
            began = rows.line_num + 1
            taken.clear()
    except csv.Error as error:
        raise UserProblem(
            "broken-source",
            f"{path.name} must be a well-formed CSV; got: {error}, in the row that begins on line {began:,} (often a"
            " quote that is never closed).",
        ) from error
    finally:
        csv.field_size_limit(limit)


@contextmanager
def _text_lines(path: Path, encoding: str | None) -> Generator[Iterator[str]]:
    """Open a file as lines with their ends; bytes that are no text become characters that `_is_strange` knows."""
    name, _ = codec(encoding)
    with open_bytes(path) as raw, io.TextIOWrapper(raw, encoding=name, errors=_errors(name), newline="") as file:
        yield iter(file)


def _is_strange(text: str, encoding: str | None) -> bool:
    """Return whether bytes that are no text stood there."""
    if text.isascii():
        return False
    if _errors(codec(encoding)[0]) == "replace":
        return "\ufffd" in text
    return any("\udc80" <= each <= "\udcff" for each in text)


def _errors(name: str) -> str:
    # Surrogates stand for single bytes, which these encodings do not have.
    return "replace" if name.startswith(("utf-16", "utf-32")) else "surrogateescape"


def _shown(encoding: str | None) -> str:
    name, _ = codec(encoding)
    return "UTF-8" if name == "utf-8-sig" else name.upper()
