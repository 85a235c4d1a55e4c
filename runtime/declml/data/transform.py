"""Columns become arrays: stored and mapped for training, made on the fly for serving, by one and the same call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Encoded, Facts, Finding
from declml.data.arrays import write_parts
from declml.data.cache import Cache
from declml.data.fit import Fitted, Fitting, whole_hash
from declml.data.subset import require_columns
from declml.data.table import Table
from declml.errors import UserProblem
from declml_schema.content import content_hash


@dataclass(frozen=True, slots=True)
class EncodedColumn:
    """One feature's arrays for all rows of a table, mapped from the cache. ``encoded`` is as the operation gave it."""

    key: str
    encoded: Encoded
    cached: bool
    reason: str


def encode_feature(cache: Cache, table: Table, column: str, fitting: Fitting, fitted: Fitted) -> EncodedColumn:
    """Return the arrays of all rows of ``column``, computed once per content of the column and fit."""
    key = content_hash({"column": whole_hash(cache, table, column), "fit": fitted.key, "encode": fitting.identity})

    def write(folder: Path) -> dict[str, Any]:
        parts = table.column_parts(column) if is_by_row(fitting) else [table.column(column)]
        encoded = (fitting.operation.encode(part, fitted.facts, fitting.preprocessing) for part in parts)
        return {"counts": write_parts(folder, encoded, table.rows)}

    entry = cache.get_or_put("encoded", key, write)
    encoded = Encoded(
        values=np.load(entry.path / "values.npy", mmap_mode="r"),
        offsets=_mapped(entry.path / "offsets.npy"),
        keep=_mapped(entry.path / "keep.npy"),
        counts=entry.facts["counts"],
    )
    return EncodedColumn(key=key, encoded=encoded, cached=entry.cached, reason=entry.reason)


def is_by_row(fitting: Fitting) -> bool:
    """Return whether a row's arrays depend on that row alone: a value before or after it may take its place."""
    return not {"bfill", "ffill"}.intersection(each for each in fitting.preprocessing.values() if isinstance(each, str))


def _mapped(path: Path) -> np.ndarray | None:
    return np.load(path, mmap_mode="r") if path.exists() else None


@dataclass(frozen=True, slots=True)
class Transform:
    """One feature of a trained model: its column, how it is encoded, and the facts learned in training."""

    name: str
    column: str
    fitting: Fitting
    facts: Facts


def transform(frame: pl.DataFrame, features: Iterable[Transform]) -> dict[str, Encoded]:
    """Return the arrays of each feature for the rows of ``frame``.

    An absent column, one of a type that training would refuse, or one that mostly cannot be read is a `UserProblem`.
    """
    return PieceTransform(features, frame.columns, frame.height, frame.__getitem__).encode(frame, 0)


class PieceTransform:
    """Makes arrays of a table a piece at a time, the same as those of all its rows together.

    ``columns`` are the names of the table's columns, ``rows`` is their number and ``whole`` returns all of a column: it
    is asked for one that is filled from the rows around, and to tell what is wrong with one. Raises like `transform`.
    """

    def __init__(
        self, features: Iterable[Transform], columns: Sequence[str], rows: int, whole: Callable[[str], pl.Series]
    ) -> None:
        self._features = list(features)
        self._rows = rows
        self._whole = whole
        self._unreadable: Counter[str] = Counter()
        self._filled: dict[str, Encoded] = {}
        require_columns(columns, [each.column for each in self._features])

    def encode(self, piece: pl.DataFrame, start: int) -> dict[str, Encoded]:
        """Return the arrays of each feature for the rows of ``piece``, of which the first is row ``start``."""
        for each in self._features:
            _require_type(piece[each.column], each)
        return {each.name: self._encoded(piece, start, each) for each in self._features}

    def _encoded(self, piece: pl.DataFrame, start: int, feature: Transform) -> Encoded:
        fitting = feature.fitting
        if is_by_row(fitting) or piece.height == self._rows:
            encoded = fitting.operation.encode(piece[feature.column], feature.facts, fitting.preprocessing)
            self._judge(feature, encoded)
            return encoded
        if feature.name not in self._filled:
            whole = self._whole(feature.column)
            self._filled[feature.name] = fitting.operation.encode(whole, feature.facts, fitting.preprocessing)
            self._judge(feature, self._filled[feature.name])
        return self._filled[feature.name].rows(start, start + piece.height)

    def _judge(self, feature: Transform, encoded: Encoded) -> None:
        """Refuse a column when most of its values cannot be read: it is not the column that was meant."""
        self._unreadable[feature.name] += encoded.counts.get("unreadable", 0)
        if self._unreadable[feature.name] * 2 <= self._rows:
            return
        column, fitting = self._whole(feature.column), feature.fitting
        found = fitting.operation.inspect(column, feature.column, fitting.preprocessing)
        said = next((each.message for each in found if each.fatal), None)
        number = fitting.operation.encode(column, feature.facts, fitting.preprocessing).counts["unreadable"]
        raise UserProblem(
            "unreadable-value",
            said
            or f"Column '{feature.column}' must hold values like those of the training; got {number:,} of"
            f" {len(column):,} rows with a value that cannot be read.",
        )


def _require_type(column: pl.Series, feature: Transform) -> None:
    """Refuse a column of a type that training would refuse, such as dates for a number; one row shows the type."""
    dtype = column.dtype
    if isinstance(dtype, (pl.Binary, pl.Object)):
        raise UserProblem("wrong-column-type", f"Column '{feature.column}' must hold single values; got {dtype}.")
    for finding in feature.fitting.operation.inspect(column.head(1), feature.column, feature.fitting.preprocessing):
        if finding.code == "wrong-column-type":
            raise UserProblem(finding.code, finding.message)


_SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing_dropped": ("missing-dropped", "no value: they are left out"),
    "unseen_dropped": ("unseen-class", "a value that no training row has: they are left out"),
    "unseen": ("unseen-value", "a value that no training row has: it counts as unknown"),
    "unreadable": ("unreadable-value", "a value that cannot be read: it counts as missing"),
    "infinite": ("infinite-value", "an infinite value: it counts as missing"),
    "outliers": ("outlier", "an outlier: it is replaced"),
}


def count_findings(counts: Mapping[str, int], name: str, rows: int) -> list[Finding]:
    """Return what the counts of an `Encoded` mean for the user of column ``name``; ordinary ones mean nothing."""
    findings: list[Finding] = []
    for count, (code, said) in _SENTENCES.items():
        number = counts.get(count, 0)
        if number:
            verb = "has" if number == 1 else "have"
            findings.append(Finding(code, f"Column '{name}': {number:,} of {rows:,} rows {verb} {said}."))
    return findings
