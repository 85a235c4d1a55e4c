"""What is learned from the training rows of one column: one stored fit per feature, merged from chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Facts, InputOperation, Values
from declml.data.cache import Cache
from declml.data.columns import hash_of_parts
from declml.data.split import Sides
from declml.data.table import Table
from declml_schema.content import content_hash

CHUNK_ROWS = 500_000
"""Rows of numbers that are summarised at a time; the fit does not depend on it beyond rounding."""
TEXT_CHUNK_ROWS = 65_536
"""Rows of anything else that are summarised at a time: a row of text may be long."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The facts of one feature and the key of the training rows, operation and parameters that they come from."""

    key: str
    facts: Facts
    cached: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Fitting:
    """How one feature is fitted and encoded: the operation, the name by which it is known, and its preprocessing.

    ``source`` is the hash of a plug-in's source, or empty for what ships with declml, which has ``operation.version``.
    """

    name: str
    operation: InputOperation
    preprocessing: Values
    source: str = ""

    @property
    def identity(self) -> dict[str, Any]:
        """Return what decides the outcome beside the data, as JSON data.

        An operation that reads files of its own, such as a tokenizer's, tells their hashes through
        ``resources(preprocessing)``.
        """
        resources = getattr(self.operation, "resources", None)
        return {
            "operation": self.name,
            "version": self.operation.version,
            "preprocessing": dict(self.preprocessing),
            "source": self.source,
            "resources": resources(self.preprocessing) if resources is not None else {},
        }


def fit_feature(cache: Cache, table: Table, sides: Sides, column: str, fitting: Fitting) -> Fitted:
    """Return what ``fitting`` learns from the training rows of ``column``.

    The key is the content of those rows: other columns, other sides and the place of the data do not count.
    """
    training = _training_hash(cache, table, sides, column)
    key = content_hash({"fit": fitting.identity, "training": training})

    def write(_folder: Path) -> Mapping[str, Any]:
        return fit_parts(training_parts(table, sides, column), fitting)

    entry = cache.get_or_put("fit", key, write)
    return Fitted(key=key, facts=entry.facts, cached=entry.cached, reason=entry.reason)


def training_parts(table: Table, sides: Sides, column: str) -> Iterator[pl.Series]:
    """Yield the training rows of a column in the parts that the table comes in."""
    start = 0
    for part in table.column_parts(column):
        yield part.filter(pl.Series(np.asarray(sides.sides[start : start + len(part)]) == 0))
        start += len(part)


def fit_series(rows: pl.Series, fitting: Fitting, *, chunk_rows: int | None = None) -> Facts:
    """Return the facts of these training rows, summarised in chunks and merged in their order."""
    return fit_parts([rows], fitting, chunk_rows=chunk_rows)


def fit_parts(parts: Iterable[pl.Series], fitting: Fitting, *, chunk_rows: int | None = None) -> Facts:
    """Return the facts of training rows that come in parts: the same facts, however they are cut."""
    operation, preprocessing = fitting.operation, fitting.preprocessing
    summary = None
    empty: pl.Series | None = None
    for chunk in _chunks(parts, chunk_rows):
        if not len(chunk):
            empty = chunk
            continue
        part = operation.summarize(chunk, preprocessing)
        summary = part if summary is None else operation.merge(summary, part)
    if summary is None:
        assert empty is not None  # a table has at least one part
        summary = operation.summarize(empty, preprocessing)
    return operation.fit(summary, preprocessing)


def _chunks(parts: Iterable[pl.Series], size: int | None) -> Iterator[pl.Series]:
    """Yield the rows in chunks of one size, wherever the parts begin: sums of rounded numbers depend on it."""
    waiting: list[pl.Series] = []
    count = 0
    for part in parts:
        chunk = size or (CHUNK_ROWS if part.dtype.is_numeric() else TEXT_CHUNK_ROWS)
        waiting.append(part)
        count += len(part)
        while count >= chunk:
            whole = waiting[0] if len(waiting) == 1 else pl.concat(waiting)
            yield whole.slice(0, chunk)
            waiting, count = [whole.slice(chunk)], count - chunk
    if waiting:
        yield waiting[0] if len(waiting) == 1 else pl.concat(waiting)


def _training_hash(cache: Cache, table: Table, sides: Sides, column: str) -> str:
    """Return the hash of a column's training rows, remembered by table and split so that a second run reads nothing."""
    key = content_hash({"table": table.key, "split": sides.key, "column": column})

    def write(_folder: Path) -> dict[str, str]:
        return {"hash": hash_of_parts(training_parts(table, sides, column), sides.counts["training"])}

    return cache.get_or_put("content", key, write).facts["hash"]


def whole_hash(cache: Cache, table: Table, column: str) -> str:
    """Return the hash of all rows of a column, remembered by table."""
    key = content_hash({"table": table.key, "column": column})

    def write(_folder: Path) -> dict[str, str]:
        return {"hash": hash_of_parts(table.column_parts(column), table.rows)}

    return cache.get_or_put("content", key, write).facts["hash"]
