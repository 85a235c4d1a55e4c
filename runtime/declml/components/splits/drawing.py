"""Numbers drawn from rows and keys by hashing, the same on every machine, and the share of rows that each side gets."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field

from declml.errors import UserProblem
from declml_schema.declare import parameter

Share = Annotated[float, Field(ge=0, le=1)]


def probabilities_parameter() -> Any:
    """Return the declaration of ``probabilities``, the same for every split that draws."""
    return parameter(
        [0.7, 0.1, 0.2],
        "The shares of the rows for training, validation and test; a larger validation share steadies early stopping.",
        min_length=3,
        max_length=3,
        common=True,
        examples=[[0.8, 0.1, 0.1]],
    )


def draw_rows(rows: int, seed: int) -> np.ndarray:
    """Return a number in [0, 1) for each row index, ``(row,)`` float64: appended rows change no earlier one.

    SplitMix64 (Steele, Lea and Flood, 2014) of the index, its stream chosen by the seed.
    """
    start = np.uint64(int.from_bytes(hashlib.sha256(f"rows:{seed}".encode()).digest()[:8], "little"))
    with np.errstate(over="ignore"):
        state = start + np.arange(1, rows + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw_keys(keys: pl.Series, seed: int) -> np.ndarray:
    """Return a number in [0, 1) for each row, ``(row,)``: one per key, and one per row where there is no key."""
    distinct = keys.drop_nulls().unique()
    start = f"keys:{seed}:".encode()
    # One hash per key, not per row: blake2b is the same on every machine and in every version.
    hashes = [hashlib.blake2b(start + key.encode(), digest_size=8).digest() for key in distinct.to_list()]
    drawn = (np.frombuffer(b"".join(hashes), dtype="<u8") >> np.uint64(11)).astype(np.float64) * 2.0**-53
    by_key = keys.replace_strict(
        distinct, pl.Series(drawn, dtype=pl.Float64), default=None, return_dtype=pl.Float64
    ).to_numpy()
    return np.where(keys.is_null().to_numpy(), draw_rows(len(keys), seed), by_key)


def side_of(drawn: np.ndarray, probabilities: Sequence[float]) -> np.ndarray:
    """Return the side for each number in [0, 1), ``(row,)`` uint8: 0 training, 1 validation, 2 test."""
    training, validation, test = probabilities
    first = training if validation or test else 2.0  # the last side that has a share takes all that remains
    second = training + validation if test else 2.0
    return ((drawn >= first).astype(np.uint8) + (drawn >= second).astype(np.uint8)).astype(np.uint8)


def split_column(table: pl.DataFrame, column: str, split: str) -> pl.Series:
    """Return the column that a split goes by; an absent one is a `UserProblem` with the nearest name."""
    if column in table.columns:
        return table[column]
    close = difflib.get_close_matches(column, table.columns, n=1, cutoff=0.6)
    hint = f"Did you mean '{close[0]}'?" if close else f"The data has the columns {', '.join(table.columns[:12])}."
    raise UserProblem("absent-column", f"The split {split} must go by a column of the data; got '{column}'.", hint=hint)
