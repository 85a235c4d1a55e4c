"""The rows and columns of a table that a config wants: of a whole frame, or of one that comes in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import polars.selectors as cs

from declml.data.reading import SIDE, Reading
from declml.data.separators import separator_hint
from declml.errors import UserProblem
from declml_schema.suggest import nearest


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
        frame = _columns(frame, reading.columns)
    return frame


def _columns(frame: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
    require_columns(frame.columns, wanted)
    return frame.select([name for name in frame.columns if name in wanted or name == SIDE])


def _where(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    kept = _filtered(frame, where)
    if kept.height == 0:
        raise _none_left(frame.height, where)
    return kept


def _none_left(rows: int, where: str | None) -> UserProblem:
    return UserProblem("empty-table", f"`where` must leave at least one row; got none of {rows:,} with: {where}.")


def _nothing_drawn(rows: int, sample: float) -> UserProblem:
    return UserProblem("empty-table", f"`sample` must leave at least one row; got none of {rows:,} with {sample}.")


def _filtered(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    rule = "`where` must be a SQL condition on the columns of one row, such as \"age >= 18 AND country = 'FR'\""
    try:
        return frame.filter(pl.sql_expr(where))
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


def _sample(frame: pl.DataFrame, sample: float, seed: int) -> pl.DataFrame:
    """Draw one number per row and keep the lowest; a share keeps its old rows when rows are appended."""
    draws = np.random.Generator(np.random.PCG64(seed)).random(frame.height)
    if isinstance(sample, int):
        kept = np.sort(np.argsort(draws, kind="stable")[:sample])
    else:
        kept = np.flatnonzero(draws < sample)
    if kept.size == 0:
        raise _nothing_drawn(frame.height, sample)
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


def subset_parts(parts: Iterator[pl.DataFrame], reading: Reading, scratch: Path) -> Iterator[pl.DataFrame]:
    """Yield what `subset` returns, a part at a time; to sample a number of rows, they wait in ``scratch``."""
    kept = _where_parts(parts, reading.where)
    if isinstance(reading.sample, int):
        kept = _some_of(kept, reading.sample, reading.seed, scratch)
    elif reading.sample is not None:
        kept = _share_of(kept, reading.sample, reading.seed)
    left = reading.limit
    for part in kept:
        taken = part if left is None else part.head(left)
        if reading.columns is not None:
            taken = _columns(taken, reading.columns)
        if left is not None:
            left -= taken.height
        yield taken
        if left is not None and left <= 0:
            return


def _where_parts(parts: Iterator[pl.DataFrame], where: str | None) -> Iterator[pl.DataFrame]:
    rows = found = 0
    for part in parts:
        part = part.with_columns(cs.decimal().cast(pl.Float64))
        kept = part if where is None else _filtered(part, where)
        rows, found = rows + part.height, found + kept.height
        if kept.height:
            yield kept
    if not rows:
        raise UserProblem("empty-table", "The data must have at least one row; got a header only.")
    if not found:
        raise _none_left(rows, where)


def _share_of(parts: Iterator[pl.DataFrame], share: float, seed: int) -> Iterator[pl.DataFrame]:
    generator = np.random.Generator(np.random.PCG64(seed))
    rows = found = 0
    for part in parts:
        # One stream of numbers, so that the cuts between parts change nothing.
        kept = part.filter(pl.Series(generator.random(part.height) < share))
        rows, found = rows + part.height, found + kept.height
        yield kept
    if not found:
        raise _nothing_drawn(rows, share)


def _some_of(parts: Iterator[pl.DataFrame], count: int, seed: int, scratch: Path) -> Iterator[pl.DataFrame]:
    files: list[Path] = []
    rows = 0
    for part in parts:
        files.append(scratch / f"sampled-{len(files)}.arrow")
        part.write_ipc(files[-1], compression="uncompressed")
        rows += part.height
    kept = np.zeros(rows, dtype=bool)
    draws = np.random.Generator(np.random.PCG64(seed)).random(rows)
    kept[np.argsort(draws, kind="stable")[:count]] = True
    start = 0
    for file in files:
        part = pl.read_ipc(file)
        yield part.filter(pl.Series(kept[start : start + part.height]))
        start += part.height
