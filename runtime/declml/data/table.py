"""Files or in-memory tables become one Polars frame: read, checked, subset, and stored by content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from declml.contracts import Finding
from declml.data.cache import Cache, Entry, content_hash_of_files
from declml.data.columns import column_hash
from declml.data.read_file import header_findings, read_file, separator_of
from declml.data.separators import separator_hint
from declml.data.sources import format_of
from declml.data.stack import stack
from declml.errors import UserProblem
from declml_schema.content import content_hash
from declml_schema.suggest import nearest

TABLE_VERSION = 2
"""Rises whenever the same bytes and `Reading` would give another table."""

DEFAULT_NULL_VALUES = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A")
"""What stands for a missing value in a CSV unless the config says otherwise; an empty field always does."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How files become a table, and which part of it is wanted.

    The order is: ``where`` (a SQL condition on a row), then ``sample`` (an integer is a number of rows, a fraction
    from 0 to 1 a share of them, drawn with ``seed``, kept in their order), then ``limit`` (the first rows), then
    ``columns``, which come in the order of the files. ``as_text`` are columns of a delimited file whose values are
    text whatever they look like, as where training met ``True`` or ``007`` among words.
    """

    format: str | None = None
    separator: str | None = None
    null_values: tuple[str, ...] | None = None
    encoding: str | None = None
    columns: tuple[str, ...] | None = None
    where: str | None = None
    limit: int | None = None
    sample: float | int | None = None
    seed: int = 0
    as_text: tuple[str, ...] = ()

    @staticmethod
    def from_values(values: Mapping[str, Any], *, seed: int = 0) -> Reading:
        """Return the reading that a plan's data section asks for; its other keys are left aside."""
        null_values = values.get("null_values")
        columns = values.get("columns")
        return Reading(
            format=values.get("format"),
            separator=values.get("separator"),
            null_values=_as_tuple(null_values),
            encoding=values.get("encoding"),
            columns=_as_tuple(columns),
            where=values.get("where"),
            limit=values.get("limit"),
            sample=values.get("sample"),
            seed=values.get("seed", seed) if values.get("seed") is not None else seed,
        )


def _as_tuple(value: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)


@dataclass(slots=True)
class Table:
    """A stored table: its key, size and columns, whether it was cached, and the frame, read when first asked for.

    ``key`` names the content: the bytes of the source and how they were read. ``findings`` are what is odd about the
    files.
    """

    key: str
    path: Path
    rows: int
    columns: tuple[str, ...]
    cached: bool
    reason: str
    findings: tuple[Finding, ...] = ()
    _frame: pl.DataFrame | None = field(default=None, repr=False)

    @property
    def frame(self) -> pl.DataFrame:
        """The whole table; read from its uncompressed Arrow file on the first use."""
        if self._frame is None:
            self._frame = pl.read_ipc(self.path)
        return self._frame

    def types(self) -> dict[str, str]:
        """Return the type of each column, without reading any."""
        return {name: str(dtype) for name, dtype in pl.read_ipc_schema(self.path).items()}

    def column(self, name: str) -> pl.Series:
        """Return one column, without reading the others; an absent one is a `UserProblem` with the nearest name."""
        require_columns(self.columns, [name])
        if self._frame is not None:
            return self._frame[name]
        return pl.read_ipc(self.path, columns=[name])[name]


_EVERYTHING = Reading()


def read_table(paths: Sequence[Path], reading: Reading = _EVERYTHING) -> pl.DataFrame:
    """Return the rows that ``reading`` asks for; several files of the same columns are joined one under the other.

    Whatever is wrong with a file is a `UserProblem` that names the file and, where there is one, the row.
    """
    null_values = list(DEFAULT_NULL_VALUES if reading.null_values is None else ("", *reading.null_values))

    def read(path: Path, as_text: Sequence[str] = reading.as_text) -> pl.DataFrame:
        return read_file(
            path,
            declared=reading.format,
            separator=reading.separator,
            null_values=null_values,
            encoding=reading.encoding,
            as_text=as_text,
        )

    return subset(stack([read(path) for path in paths], paths, read), reading)


def subset(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Return the rows and columns of ``frame`` that ``reading`` asks for; none left is a `UserProblem`."""
    if frame.height == 0:
        raise UserProblem("empty-table", "The data must have at least one row; got a header only.")
    # Decimals of a database or a Parquet file are numbers like any other here; numpy has no type for them.
    frame = frame.with_columns(cs.decimal().cast(pl.Float64))
    if reading.where is not None:
        frame = _where(frame, reading.where)
    if reading.sample is not None:
        frame = _sample(frame, reading.sample, reading.seed)
    if reading.limit is not None:
        frame = frame.head(reading.limit)
    if reading.columns is not None:
        require_columns(frame.columns, reading.columns)
        frame = frame.select([name for name in frame.columns if name in reading.columns])
    return frame


def _where(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    rule = "`where` must be a SQL condition on the columns of one row, such as \"age >= 18 AND country = 'FR'\""
    try:
        kept = frame.filter(pl.sql_expr(where))
    except pl.exceptions.ColumnNotFoundError as error:
        name = str(error).split('"')[1] if '"' in str(error) else ""
        raise UserProblem(
            "bad-where",
            f"{rule}; got the unknown column '{name}' in: {where}.",
            hint=absent_hint(name, frame.columns),
        ) from error
    except (pl.exceptions.PolarsError, TypeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("bad-where", f"{rule}; got: {where} ({reason}).") from error
    if kept.height == 0:
        raise UserProblem(
            "empty-table", f"`where` must leave at least one row; got none of {frame.height:,} with: {where}."
        )
    return kept


def _sample(frame: pl.DataFrame, sample: float, seed: int) -> pl.DataFrame:
    """Draw one number per row and keep the lowest; a share keeps its old rows when rows are appended."""
    draws = np.random.Generator(np.random.PCG64(seed)).random(frame.height)
    if isinstance(sample, int):
        kept = np.sort(np.argsort(draws, kind="stable")[:sample])
    else:
        kept = np.flatnonzero(draws < sample)
    if kept.size == 0:
        raise UserProblem(
            "empty-table", f"`sample` must leave at least one row; got none of {frame.height:,} with {sample}."
        )
    return frame[kept]


def require_columns(present: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise a `UserProblem` with the nearest name for the first of ``wanted`` that is not among ``present``."""
    for name in wanted:
        if name not in present:
            raise UserProblem(
                "absent-column",
                f"Column '{name}' must be in the data; got no such column.",
                hint=absent_hint(name, present),
            )


def absent_hint(name: str, names: Sequence[str]) -> str:
    """Return the way out for a column that is not among ``names``: the separator, the nearest name, or all names."""
    uncut = separator_hint(names)
    if uncut:
        return uncut
    near = nearest(name.strip(), names)
    if near:
        return f"Did you mean '{near}'?"
    shown = ", ".join(f"'{each}'" for each in names[:12])
    return f"The data has the columns {shown}{', ...' if len(names) > 12 else ''}."


def load_table(cache: Cache, paths: Sequence[Path], sha: str, reading: Reading = _EVERYTHING) -> Table:
    """Return the stored table of files whose bytes have the hash ``sha``, reading them when it is not in the cache.

    ``sha`` is what `content_hash_of_files` gave; files that changed since then are a `UserProblem`, never a mixed
    table.
    """
    files = [_file_key(path, reading) for path in paths]
    key = content_hash({"version": TABLE_VERSION, "source": sha, "files": files, "subset": _subset_key(reading)})

    def write(folder: Path) -> dict[str, Any]:
        frame = read_table(paths, reading)
        findings = [
            each
            for path in paths
            for each in header_findings(path, declared=reading.format, separator=reading.separator)
        ]
        if content_hash_of_files(paths) != sha:
            names = ", ".join(path.name for path in paths)
            raise UserProblem("data-changed", f"{names} must not change while being read; got other bytes. Run again.")
        return _store(folder, frame, findings)

    return _as_table(key, cache.get_or_put("table", key, write))


def _file_key(path: Path, reading: Reading) -> dict[str, Any]:
    """Return what decides how the bytes of one file are read: neither its name nor what its format does not ask for."""
    kind = format_of(path, reading.format)
    answer: dict[str, Any] = {"format": kind, "packed": path.suffix if path.suffix in {".gz", ".zst"} else ""}
    if kind != "parquet":
        answer["encoding"] = reading.encoding
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
    }


def load_frame(cache: Cache, frame: pl.DataFrame, reading: Reading = _EVERYTHING) -> Table:
    """Return an in-memory table as a stored one, addressed by its content, after taking the subset of ``reading``."""
    content = sorted([name, str(frame.schema[name]), column_hash(frame[name])] for name in frame.columns)
    key = content_hash({"version": TABLE_VERSION, "frame": content, "subset": _subset_key(reading)})
    entry = cache.get_or_put("table", key, lambda folder: _store(folder, subset(frame, reading), []))
    return _as_table(key, entry)


def stored_table(cache: Cache, key: str) -> Table | None:
    """Return the table of that key if the cache holds it whole, or None."""
    entry = cache.get("table", key)
    return None if entry is None else _as_table(key, entry)


def _store(folder: Path, frame: pl.DataFrame, findings: Sequence[Finding]) -> dict[str, Any]:
    frame.rechunk().write_ipc(folder / "table.arrow", compression="uncompressed")
    return {
        "rows": frame.height,
        "columns": frame.columns,
        "types": [str(dtype) for dtype in frame.dtypes],
        "findings": [asdict(each) for each in findings],
    }


def _as_table(key: str, entry: Entry) -> Table:
    facts = entry.facts
    return Table(
        key=key,
        path=entry.path / "table.arrow",
        rows=facts["rows"],
        columns=tuple(facts["columns"]),
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
