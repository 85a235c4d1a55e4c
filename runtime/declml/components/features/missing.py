"""What stands in for a missing value, and the findings that every feature type has in common."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import polars as pl

from declml.components.features.labels import as_labels, can_be_label
from declml.contracts import Finding
from declml_schema import column_findings as found

MissingStrategy = Literal["fill_with_const", "fill_with_mode", "bfill", "ffill", "drop_row"]
MISSING_DOC = (
    "What a missing value becomes: a constant, the most frequent value, the next (bfill) or previous (ffill) value"
    " in the "
    "column, or nothing, leaving the row out."
)


def fill_missing(column: pl.Series, strategy: str, fill: Any) -> tuple[pl.Series, np.ndarray | None]:
    """Return a column without nulls and, where the strategy drops rows, which rows to keep, ``(row,)`` bool.

    ``fill`` is the fitted stand-in; it also fills what bfill and ffill leave open, and dropped rows, so that every row
    has a value.
    """
    if not column.null_count():
        return column, None
    keep = column.is_not_null().to_numpy() if strategy == "drop_row" else None
    if strategy == "bfill":
        column = column.backward_fill()
    elif strategy == "ffill":
        column = column.forward_fill()
    return column.fill_null(pl.lit(fill, dtype=column.dtype)), keep


def keep_both(left: np.ndarray | None, right: np.ndarray | None) -> np.ndarray | None:
    """Return the rows that both keep."""
    if left is None or right is None:
        return left if right is None else right
    return left & right


def presence_findings(column: pl.Series, name: str, *, is_target: bool, strategy: str) -> list[Finding]:
    """Return what must be said of missing and equal values; ``column`` has null wherever nothing can be read."""
    rows, missing = len(column), column.null_count()
    if missing == rows:
        return [finding(found.all_missing(name, rows=rows))]
    findings: list[Finding] = []
    if missing and strategy == "drop_row":
        findings.append(finding(found.some_missing(name, missing=missing, rows=rows, is_target=is_target)))
    if rows > 1 and column.drop_nulls().n_unique() == 1:
        findings.append(finding(found.constant(name, value=column.drop_nulls()[0])))
    return findings


def unread_findings(column: pl.Series, values: pl.Series, name: str, *, declared: str) -> list[Finding]:
    """Return the finding for values that cannot be read: in ``values`` they are null, in ``column`` they are not."""
    present = as_labels(column).is_not_null() if can_be_label(column.dtype) else column.is_not_null()
    unread = present & values.is_null()
    count = int(unread.sum())
    if not count:
        return []
    row = first_row(unread)
    value = column[row - 1]
    got = str(value.to_list() if isinstance(value, pl.Series) else value)
    return [finding(found.not_read(name, declared=declared, count=count, rows=len(column), row=row, got=got))]


def first_row(mask: pl.Series) -> int:
    """Return the number of the first true row, from 1 as people count."""
    return int(mask.arg_true()[0]) + 1


def nested_finding(name: str, declared: str, dtype: pl.DataType) -> Finding:
    """Return the finding for a column whose values the feature type cannot hold."""
    return finding(found.wrong_type(name, declared=declared, holds=str(dtype)))


def finding(told: found.Found) -> Finding:
    """Return a finding as a feature type tells it: where it is shown, its hint has a place of its own."""
    return Finding(told.code, told.message, fatal=told.fatal)
