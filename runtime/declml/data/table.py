"""Files or in-memory tables become one Polars frame: read, checked, subset, and stored by content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Finding
from declml.data.cache import Cache, Entry, content_hash_of_files
from declml.data.columns import column_hash
from declml.data.ingest import read_in_parts, rebuffered, shard_rows
from declml.data.packed import is_packed
from declml.data.read_file import FileReading, header_findings, read_file, separator_of
from declml.data.reading import SIDE, Reading
from declml.data.sources import format_of
from declml.data.stack import stack
from declml.data.subset import require_columns, subset, subset_parts
from declml.errors import UserProblem
from declml_schema.content import content_hash

_WHOLE = "table.arrow"

TABLE_VERSION = 3
"""Rises whenever the same bytes and `Reading` would give another table."""

DEFAULT_NULL_VALUES = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A")
"""What stands for a missing value in a CSV unless the config says otherwise; an empty field always does."""


@dataclass(slots=True)
class Table:
    """A stored table: its key, size and columns, whether it was cached, and the frame, read when first asked for.

    ``key`` names the content: the bytes of the source and how they were read. ``findings`` are what is odd about the
    files. A table that is larger than memory has many ``files``: `column_parts` and `select` read what is asked for,
    and with ``is_large`` nothing may ask for all of it.
    """

    key: str
    files: tuple[Path, ...]
    rows: int
    columns: tuple[str, ...]
    cached: bool
    reason: str
    findings: tuple[Finding, ...] = ()
    has_sides: bool = False
    is_large: bool = False
    _frame: pl.DataFrame | None = field(default=None, repr=False)

    @property
    def frame(self) -> pl.DataFrame:
        """The whole table; read from its uncompressed Arrow file on the first use."""
        if self._frame is None:
            self._frame = self.select(self.columns)
        return self._frame

    def select(self, names: Sequence[str]) -> pl.DataFrame:
        """Return these columns of all rows, without reading the others."""
        if self._frame is not None:
            return self._frame.select(names)
        return pl.concat([pl.read_ipc(each, columns=[*names]) for each in self.files]).select(names)

    def head(self) -> pl.DataFrame:
        """Return the first row."""
        if self._frame is not None:
            return self._frame.head(1)
        return pl.scan_ipc(self.files[0]).head(1).select(self.columns).collect()

    def column_parts(self, name: str) -> Iterator[pl.Series]:
        """Yield one column a part at a time: one of a table in memory, one for each file of a large one."""
        require_columns(self.columns, [name])
        if self._frame is not None:
            yield self._frame[name]
            return
        for each in self.files:
            yield pl.read_ipc(each, columns=[name])[name]

    def given_sides(self) -> np.ndarray:
        """Return the side of each row, ``(row,)`` uint8, of a table whose files are each of one side."""
        return np.concatenate([pl.read_ipc(each, columns=[SIDE])[SIDE].to_numpy() for each in self.files])

    def types(self) -> dict[str, str]:
        """Return the type of each column, without reading any."""
        return {name: str(dtype) for name, dtype in pl.read_ipc_schema(self.files[0]).items() if name != SIDE}

    def parts(self) -> Iterator[pl.DataFrame]:
        """Yield all columns a part at a time, in the order of the rows: of a table in memory there is one."""
        if self._frame is not None:
            yield self._frame
            return
        for each in self.files:
            yield pl.read_ipc(each, columns=[*self.columns])

    def column(self, name: str) -> pl.Series:
        """Return one column, without reading the others; an absent one is a `UserProblem` with the nearest name."""
        require_columns(self.columns, [name])
        return self.select([name])[name]


_EVERYTHING = Reading()


def read_table(paths: Sequence[Path], reading: Reading = _EVERYTHING) -> pl.DataFrame:
    """Return the rows that ``reading`` asks for; several files of the same columns are joined one under the other.

    Whatever is wrong with a file is a `UserProblem` that names the file and, where there is one, the row.
    """
    return read_files(paths, reading)[0]


def read_files(paths: Sequence[Path], reading: Reading = _EVERYTHING) -> tuple[pl.DataFrame, list[Finding]]:
    """Return what `read_table` does, and what is odd about the files, such as rows that were left out."""
    findings: dict[Path, Sequence[Finding]] = {}

    def read(path: Path, as_text: Sequence[str] = reading.as_text) -> pl.DataFrame:
        found = read_file(path, replace(_how(reading), as_text=as_text))
        findings[path] = found.findings
        return found.frame

    frames = [read(path) for path in paths]
    whole = stack(frames, paths, read)
    if reading.sides is not None:
        sides = np.repeat(np.array(reading.sides, dtype=np.uint8), [each.height for each in frames])
        whole = whole.with_columns(pl.Series(SIDE, sides))
    frame = subset(whole, reading)
    return frame, [each for path in paths for each in findings[path]]


def _how(reading: Reading) -> FileReading:
    return FileReading(
        declared=reading.format,
        separator=reading.separator,
        null_values=list(DEFAULT_NULL_VALUES if reading.null_values is None else ("", *reading.null_values)),
        encoding=reading.encoding,
        as_text=reading.as_text,
        bad_rows=reading.bad_rows,
    )


def load_table(
    cache: Cache, paths: Sequence[Path], sha: str, reading: Reading = _EVERYTHING, *, most_bytes: int | None = None
) -> Table:
    """Return the stored table of files whose bytes have the hash ``sha``, reading them when it is not in the cache.

    ``sha`` is what `content_hash_of_files` gave; files that changed since then are a `UserProblem`, never a mixed
    table. With ``most_bytes`` the table is larger than that: it is read and stored in parts of which many fit into it.
    """
    files = [_file_key(path, reading) for path in paths]
    parts = {} if most_bytes is None else {"most_bytes": most_bytes}
    key = content_hash(
        {"version": TABLE_VERSION, "source": sha, "files": files, "subset": _subset_key(reading), **parts}
    )

    def write(folder: Path) -> dict[str, Any]:
        if most_bytes is None:
            frame, findings = read_files(paths, reading)
            facts = _store(folder, frame)
        else:
            facts, findings = _store_parts(folder, paths, reading, most_bytes)
        findings += [
            each
            for path in paths
            for each in header_findings(path, declared=reading.format, separator=reading.separator)
        ]
        if content_hash_of_files(paths) != sha:
            names = ", ".join(path.name for path in paths)
            raise UserProblem("data-changed", f"{names} must not change while being read; got other bytes. Run again.")
        return {**facts, "findings": [asdict(each) for each in findings]}

    return _as_table(key, cache.get_or_put("table", key, write))


def _file_key(path: Path, reading: Reading) -> dict[str, Any]:
    """Return what decides how the bytes of one file are read: neither its name nor what its format does not ask for."""
    kind = format_of(path, reading.format)
    answer: dict[str, Any] = {"format": kind, "packed": path.suffix.lower() if is_packed(path) else ""}
    if kind not in {"parquet", "arrow"}:
        answer["encoding"] = reading.encoding
        answer["bad_rows"] = reading.bad_rows
    if kind in {"csv", "tsv"}:
        null_values = DEFAULT_NULL_VALUES if reading.null_values is None else reading.null_values
        answer["separator"] = separator_of(reading.separator, kind)
        answer["null_values"] = sorted({"", *null_values})
        answer["as_text"] = sorted(set(reading.as_text))
    return answer


def _subset_key(reading: Reading) -> dict[str, Any]:
    """Return what decides which part of the rows and columns is taken; a seed counts where something is drawn."""
    return {
        "where": reading.where,
        "sample": reading.sample,
        "seed": reading.seed if reading.sample is not None else None,
        "limit": reading.limit,
        "columns": None if reading.columns is None else sorted(set(reading.columns)),
        **({} if reading.sides is None else {"sides": list(reading.sides)}),
    }


def unpacked_table(folder: Path, paths: Sequence[Path], reading: Reading, *, most_bytes: int) -> Table:
    """Return the table of files as parts in ``folder``, of which many fit into ``most_bytes``; nothing is cached."""
    facts, findings = _store_parts(folder, paths, reading, most_bytes)
    files = tuple(folder / name for name in facts["files"])
    columns = tuple(facts["columns"])
    return Table("", files, facts["rows"], columns, False, "read anew", tuple(findings), is_large=True)


def load_frame(cache: Cache, frame: pl.DataFrame, reading: Reading = _EVERYTHING) -> Table:
    """Return an in-memory table as a stored one, addressed by its content, after taking the subset of ``reading``."""
    content = sorted([name, str(frame.schema[name]), column_hash(frame[name])] for name in frame.columns)
    key = content_hash({"version": TABLE_VERSION, "frame": content, "subset": _subset_key(reading)})
    entry = cache.get_or_put("table", key, lambda folder: _store(folder, subset(frame, reading)))
    return _as_table(key, entry)


def stored_table(cache: Cache, key: str) -> Table | None:
    """Return the table of that key if the cache holds it whole, or None."""
    entry = cache.get("table", key)
    return None if entry is None else _as_table(key, entry)


def _store(folder: Path, frame: pl.DataFrame) -> dict[str, Any]:
    frame.rechunk().write_ipc(folder / _WHOLE, compression="uncompressed")
    return _facts(frame, frame.height, [_WHOLE])


def _store_parts(
    folder: Path, paths: Sequence[Path], reading: Reading, most_bytes: int
) -> tuple[dict[str, Any], list[Finding]]:
    """Store a table part by part and return its facts, and what is odd about its files."""
    findings: list[Finding] = []
    files: list[str] = []
    rows = 0
    with TemporaryDirectory(prefix="declml-ingest-") as scratch:

        def read() -> Iterator[pl.DataFrame]:
            how, here = _how(reading), Path(scratch)
            for part, found in read_in_parts(paths, how, here, most_bytes=most_bytes, sides=reading.sides, side=SIDE):
                findings.extend(found)
                yield part

        parts = subset_parts(read(), reading, Path(scratch))
        first = next(parts)
        for part in rebuffered(chain([first], parts), shard_rows(first.head(1000), most_bytes)):
            files.append(f"part-{len(files):05}.arrow")
            part.write_ipc(folder / files[-1], compression="uncompressed")
            rows += part.height
    return _facts(first, rows, files), findings


def _facts(frame: pl.DataFrame, rows: int, files: Sequence[str]) -> dict[str, Any]:
    types = [str(dtype) for dtype in frame.dtypes]
    return {"rows": rows, "columns": frame.columns, "types": types, "files": [*files], "findings": []}


def _as_table(key: str, entry: Entry) -> Table:
    facts = entry.facts
    return Table(
        key=key,
        files=tuple(entry.path / name for name in facts["files"]),
        is_large=facts["files"] != [_WHOLE],
        rows=facts["rows"],
        columns=tuple(name for name in facts["columns"] if name != SIDE),
        has_sides=SIDE in facts["columns"],
        cached=entry.cached,
        reason=entry.reason,
        findings=tuple(Finding(**each) for each in facts["findings"]),
    )


def from_frame(obj: Any) -> pl.DataFrame:
    """Return a Polars frame of a Polars, pandas or Arrow table, a mapping of columns, or a list of row mappings.

    pandas and pyarrow are imported by nobody here: they are loaded already when such a table arrives.
    """
    if isinstance(obj, pl.DataFrame):
        return obj
    if isinstance(obj, pl.LazyFrame):
        return obj.collect()
    if isinstance(obj, Mapping):
        return pl.DataFrame({str(name): values for name, values in obj.items()}, strict=False)
    if isinstance(obj, Sequence) and not isinstance(obj, str | bytes):
        return pl.from_dicts([dict(each) for each in obj], infer_schema_length=None)
    if type(obj).__module__.split(".")[0] == "pandas":
        return _from_pandas(obj)
    if hasattr(obj, "__arrow_c_stream__"):
        return pl.DataFrame(obj)
    raise UserProblem(
        "unknown-table", f"Data must be a path or a pandas, Polars or Arrow table; got a {type(obj).__name__}."
    )


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Column by column: a pandas index has no place in a table, and object columns need no pyarrow this way."""
    names = [str(name) for name in frame.columns]
    if len(set(names)) != len(names):
        raise UserProblem("duplicate-column", f"Column names must differ; got '{_first_twice(names)}' twice.")
    return pl.DataFrame([_pandas_column(str(name), frame[name]) for name in frame.columns])


def _first_twice(names: Sequence[str]) -> str:
    return next(name for place, name in enumerate(names) if name in names[:place])


def _pandas_column(name: str, column: Any) -> pl.Series:
    kind = getattr(column.dtype, "kind", "O")
    if kind in "iufbM" and isinstance(column.dtype, np.dtype):
        return pl.Series(name, column.to_numpy(), nan_to_null=True)
    missing = column.isna().to_numpy()
    values = [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)]
    return pl.Series(name, values, strict=False)
