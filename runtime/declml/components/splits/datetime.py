"""The split ``datetime``: the oldest rows train, the newest test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from declml.components.splits.drawing import Share, probabilities_parameter, side_of, split_column
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, Rule, parameter

_FORMS = (
    ("%+", pl.Datetime("us", "UTC")),
    ("%Y-%m-%d %H:%M:%S%.f", pl.Datetime("us")),
    ("%Y-%m-%dT%H:%M:%S%.f", pl.Datetime("us")),
    ("%Y-%m-%d %H:%M", pl.Datetime("us")),
    ("%Y-%m-%d", pl.Date()),
    ("%Y/%m/%d", pl.Date()),
    ("%d.%m.%Y", pl.Date()),
    ("%m/%d/%Y", pl.Date()),
)
"""How dates and times may be written as text; the one that reads the most rows counts."""


class DatetimeParameters(Parameters):
    """What a config may say about it."""

    column: str = parameter(
        ...,
        "The column with the time of each row: dates, times, or numbers that grow with time.",
        min_length=1,
        reference="column",
        common=True,
    )
    probabilities: list[Share] = probabilities_parameter()


def split_by_time(table: pl.DataFrame, *, seed: int, column: str, probabilities: Sequence[float]) -> np.ndarray:
    """Return ``(row,)`` uint8; equal times keep the order of the rows. A row without a time is a `UserProblem`."""
    del seed
    values = split_column(table, column, "datetime")
    times = _times(values)
    strange = times.is_null()
    if strange.any():
        row = int(strange.arg_true()[0])
        got = "nothing" if values[row] is None else f"'{values[row]}'"
        raise UserProblem(
            "bad-split-value",
            f"The column '{column}' of the split datetime must hold a date or time in every row;"
            f" got {got} at row {row + 1:,} ({int(strange.sum()):,} such rows).",
        )
    rank = np.empty(len(times), dtype=np.float64)
    rank[times.arg_sort().to_numpy()] = np.arange(len(times))
    return side_of((rank + 0.5) / max(len(times), 1), probabilities)


def _times(values: pl.Series) -> pl.Series:
    """Return values that sort by time; null where there is none. Text is read in one of ``_FORMS``."""
    if values.dtype.is_temporal() or values.dtype.is_numeric():
        return values.to_physical().cast(pl.Float64 if values.dtype.is_float() else pl.Int64)
    if values.dtype != pl.String:
        return pl.Series([None] * len(values), dtype=pl.Int64)
    best = pl.Series([None] * len(values), dtype=pl.Int64)
    for form, dtype in _FORMS:
        times = values.str.strip_chars().str.strptime(dtype, form, strict=False).to_physical().cast(pl.Int64)
        if times.null_count() == values.null_count():
            return times
        if times.null_count() < best.null_count():
            best = times
    return best


COMPONENT = Component(
    kind="split",
    name="datetime",
    doc="The oldest rows train, later ones validate, and the newest test, as a model meets them in use.",
    parameters=DatetimeParameters,
    build=split_by_time,
    rules=(Rule("sum", "probabilities", values=(1,)),),
)
