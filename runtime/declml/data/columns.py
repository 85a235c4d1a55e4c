"""A hash of what a column holds: the same in every process, for every chunking and on every version of Polars."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any, Protocol

import numpy as np
import polars as pl


class _Digest(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...


HASHED_ROWS = 8_192
"""Rows that are hashed at a time: a column that comes in parts of a multiple of it has the same hash."""

_TEXT_BYTES = 4_000_000
_TEXT = (pl.String, pl.Categorical, pl.Enum)


def column_hash(column: pl.Series) -> str:
    """Return the SHA-256 of a column's type, missing places and values, in hex; its name does not count."""
    return hash_of_parts([column], len(column))


def hash_of_parts(parts: Iterable[pl.Series], rows: int) -> str:
    """Return the hash of a column that comes in parts, ``rows`` in all: that of the whole, however it is cut."""
    digest: Any = None
    waiting: list[pl.Series] = []
    count = 0
    for part in parts:
        if digest is None:
            digest = hashlib.sha256(f"{_type_name(part.dtype)}:{rows}".encode())
        waiting.append(part)
        count += len(part)
        whole = part if len(waiting) == 1 else pl.concat([each.alias("") for each in waiting])
        even = count // HASHED_ROWS * HASHED_ROWS
        if even:
            _add(digest, whole.slice(0, even))
        waiting, count = [whole.slice(even)], count - even
    if count or not rows:
        _add(digest, waiting[0])
    return digest.hexdigest()


def _type_name(dtype: pl.DataType) -> str:
    return "String" if isinstance(dtype, _TEXT) else str(dtype)


def _add(digest: _Digest, part: pl.Series, size: int = HASHED_ROWS) -> None:
    """Add a column part by blocks of ``size`` rows: for each where it is missing, then its values."""
    blocks = [slice(start, min(start + size, len(part))) for start in range(0, max(len(part), 1), max(size, 1))]
    if isinstance(part.dtype, _TEXT):
        _add_texts(digest, part.cast(pl.String), blocks)
    elif part.dtype.is_numeric() or part.dtype.is_temporal() or part.dtype == pl.Boolean:
        physical = part.to_physical()
        if physical.dtype == pl.Boolean:
            physical = physical.cast(pl.UInt8)
        values = np.ascontiguousarray(physical.fill_null(0).to_numpy())
        missing = _missing(part)
        for rows in blocks:
            digest.update(np.packbits(missing[rows]).tobytes())
            digest.update(values[rows].data)
    else:
        for rows in blocks:
            _add_nested(digest, part[rows])


def _missing(part: pl.Series) -> np.ndarray:
    return part.is_null().to_numpy() if part.null_count() else np.zeros(len(part), dtype=bool)


def _add_texts(digest: _Digest, texts: pl.Series, blocks: Sequence[slice]) -> None:
    missing = _missing(texts)
    lengths = texts.str.len_bytes().fill_null(0).to_numpy()
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])
    written = _Written(texts, ends)
    for rows in blocks:
        digest.update(np.packbits(missing[rows]).tobytes())
        digest.update(lengths[rows].astype("<u4").tobytes())
        for piece in written.of(rows.start, rows.stop):
            digest.update(piece)


class _Written:
    """The bytes of texts, one after the other; a few megabytes of them at a time, as long ones may be many."""

    def __init__(self, texts: pl.Series, ends: np.ndarray) -> None:
        self._texts = texts
        self._ends = ends  # (row + 1,): where each text begins, and the last one ends
        self._first = self._stop = 0
        self._bytes = memoryview(b"")

    def of(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield the bytes of the texts from ``start`` to ``stop``, a piece at a time; rows come in their order."""
        while start < stop:
            if start >= self._stop:
                self._read(start)
            end = min(stop, self._stop)
            offset = self._ends[self._first]
            yield self._bytes[self._ends[start] - offset : self._ends[end] - offset]
            start = end

    def _read(self, start: int) -> None:
        fits = int(np.searchsorted(self._ends, self._ends[start] + _TEXT_BYTES, side="right")) - 1
        self._first, self._stop = start, min(max(fits, start + 1), len(self._texts))
        texts = self._texts.slice(start, self._stop - start)
        self._bytes = memoryview((texts.str.join("", ignore_nulls=True).item() or "").encode())


def _add_nested(digest: _Digest, part: pl.Series) -> None:
    digest.update(np.packbits(_missing(part)).tobytes())
    if isinstance(part.dtype, (pl.List, pl.Array)):
        lists = part.cast(pl.List(part.dtype.inner))
        digest.update(lists.list.len().fill_null(0).to_numpy().astype("<u4").tobytes())
        inner = lists.explode(empty_as_null=False, keep_nulls=False)
        _add(digest, inner, len(inner))
        return
    # Structs and the like are rare in a table: their Arrow bytes tell them apart, at least within one Polars
    # version.
    buffer = BytesIO()
    part.alias("").rechunk().to_frame().write_ipc(buffer)
    digest.update(buffer.getvalue())
