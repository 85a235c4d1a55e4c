"""The rows of a delimited file with the types that its values show."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from declml.data.decoding import first_bytes

HEAD_ROWS = 10_000
"""Rows that tell the types of a delimited file, unless they mislead."""
_FIRST_ROWS = 1_000
_LOOK_BYTES = 1 << 16


def read_typed(
    source: Path | bytes, *, separator: str, null_values: Sequence[str], texts: Sequence[str]
) -> pl.DataFrame:
    """Return the table with the types of its first rows, or of all rows where those mislead; ``texts`` stay text.

    To look at every row for its type costs five times the reading itself, and few files need it: those where a later
    value does not fit, and those with a column that begins with nothing but missing values. To compare every field with
    every word for a missing value costs a third of the reading, and most files have none of the words: they are looked
    for only where one is seen, at the start of the file or in a column that was read without.
    """

    def read(rows: int | None, words: list[str] | None) -> pl.DataFrame:
        return pl.read_csv(
            source,
            separator=separator,
            null_values=words,
            infer_schema_length=rows,
            schema_overrides=dict.fromkeys(texts, pl.String),
        )

    words = list(null_values)
    if _may_lack(source, words, separator):
        with suppress(pl.exceptions.PolarsError):  # what is wrong with the file is told by the reading that follows
            frame = read(_FIRST_ROWS, None)
            if not all_missing_at_first(frame, _FIRST_ROWS) and not any(_has_one_of(words, column) for column in frame):
                return frame
    try:
        frame = read(HEAD_ROWS, words)
    except pl.exceptions.ComputeError:
        return read(None, words)
    return read(None, words) if all_missing_at_first(frame) else frame


def all_missing_at_first(frame: pl.DataFrame, rows: int = HEAD_ROWS) -> bool:
    """Return whether a column begins with so many missing values that nothing told its type."""
    head = frame.head(rows)
    return frame.height > rows and any(column.null_count() == head.height for column in head)


def is_number(text: str) -> bool:
    """Return whether a text is a number, nan and inf among them."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _may_lack(source: Path | bytes, words: Sequence[str], separator: str) -> bool:
    """Return whether the start of a file has none of the words, and no column but one of texts could hide one."""
    if any(_is_value(word) for word in words):
        return False
    start = source[:_LOOK_BYTES] if isinstance(source, bytes) else first_bytes(source)
    either = "|".join(re.escape(word) for word in words if word)
    between = re.escape(separator)
    return not either or not re.search(f'[{between}"\\n](?:{either})[{between}"\\r\\n]'.encode(), start)


def _is_value(word: str) -> bool:
    """Return whether a column of numbers or truths could hold the word as a value; nan is seen there as such."""
    return word.lower() in {"true", "false"} or (is_number(word) and not math.isnan(float(word)))


def _has_one_of(words: Sequence[str], column: pl.Series) -> bool:
    if column.dtype.is_float():
        return bool(column.is_nan().any())
    return column.dtype == pl.String and bool(column.is_in(words).any())
