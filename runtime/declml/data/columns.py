"""A hash of what a column holds: the same in every process, for every chunking and on every version of Polars."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from io import BytesIO
from typing import Any, Protocol

import numpy as np
import polars as pl


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


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
        for start in range(0, even, HASHED_ROWS):
            _add(digest, whole.slice(start, HASHED_ROWS))
        waiting, count = [whole.slice(even)], count - even
    if count or not rows:
        _add(digest, waiting[0])
    return digest.hexdigest()


def _type_name(dtype: pl.DataType) -> str:
    return "String" if isinstance(dtype, _TEXT) else str(dtype)


def _bytes_of(text: pl.Series) -> int:
    return int(text.str.len_bytes().sum())


def _add(digest: _Digest, part: pl.Series) -> None:
    digest.update(np.packbits(part.is_null().to_numpy()).tobytes())
    if isinstance(part.dtype, _TEXT):
        text = part.cast(pl.String)
        digest.update(text.str.len_bytes().fill_null(0).to_numpy().astype("<u4").tobytes())
        # A few megabytes at a time, so that long texts are not in memory three times over.
        step = max(1, _TEXT_BYTES * len(text) // max(1, _bytes_of(text)))
        for start in range(0, len(text), step):
            digest.update((text.slice(start, step).str.join("", ignore_nulls=True).item() or "").encode())
        return
    if part.dtype.is_numeric() or part.dtype.is_temporal() or part.dtype == pl.Boolean:
        physical = part.to_physical()
        if physical.dtype == pl.Boolean:
            physical = physical.cast(pl.UInt8)
        digest.update(np.ascontiguousarray(physical.fill_null(0).to_numpy()).tobytes())
        return
    if isinstance(part.dtype, (pl.List, pl.Array)):
        lists = part.cast(pl.List(part.dtype.inner))
        digest.update(lists.list.len().fill_null(0).to_numpy().astype("<u4").tobytes())
        _add(digest, lists.explode(empty_as_null=False, keep_nulls=False))
        return
    # Structs and the like are rare in a table: their Arrow bytes tell them apart, at least within one Polars
    # version.
    buffer = BytesIO()
    part.alias("").rechunk().to_frame().write_ipc(buffer)
    digest.update(buffer.getvalue())
