"""What is learned from the training rows of one column: one stored fit per feature, merged from chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Facts, InputOperation, Values
from declml.data.cache import Cache
from declml.data.columns import column_hash
from declml.data.split import Sides
from declml.data.table import Table
from declml_schema.content import content_hash

CHUNK_ROWS = 500_000
"""Rows that are summarised at a time; the fit does not depend on it beyond rounding."""


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
        rows = table.column(column).filter(pl.Series(sides.sides == 0))
        return fit_series(rows, fitting)

    entry = cache.get_or_put("fit", key, write)
    return Fitted(key=key, facts=entry.facts, cached=entry.cached, reason=entry.reason)


def fit_series(rows: pl.Series, fitting: Fitting, *, chunk_rows: int = CHUNK_ROWS) -> Facts:
    """Return the facts of these training rows, summarised in chunks and merged in their order."""
    operation, preprocessing = fitting.operation, fitting.preprocessing
    summary = None
    for chunk in _chunks(rows, chunk_rows):
        part = operation.summarize(chunk, preprocessing)
        summary = part if summary is None else operation.merge(summary, part)
    if summary is None:
        summary = operation.summarize(rows, preprocessing)
    return operation.fit(summary, preprocessing)


def _chunks(rows: pl.Series, size: int) -> Iterator[pl.Series]:
    for start in range(0, len(rows), size):
        yield rows.slice(start, size)


def _training_hash(cache: Cache, table: Table, sides: Sides, column: str) -> str:
    """Return the hash of a column's training rows, remembered by table and split so that a second run reads nothing."""
    key = content_hash({"table": table.key, "split": sides.key, "column": column})

    def write(_folder: Path) -> dict[str, str]:
        return {"hash": column_hash(table.column(column).filter(pl.Series(np.asarray(sides.sides) == 0)))}

    return cache.get_or_put("content", key, write).facts["hash"]


def whole_hash(cache: Cache, table: Table, column: str) -> str:
    """Return the hash of all rows of a column, remembered by table."""
    key = content_hash({"table": table.key, "column": column})
    return cache.get_or_put("content", key, lambda _folder: {"hash": column_hash(table.column(column))}).facts["hash"]
