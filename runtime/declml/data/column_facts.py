"""What an editor asks of a column beside its profile: is it a number at all, an id, a constant, the copy of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from declml.data.columns import column_hash
from declml.data.profile import ColumnProfile, Profile, histogram, shown

_BINS = 10
_TOP = 8
_TEXT = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True, slots=True)
class NotNumbers:
    """How many values of a text column are no numbers, and the first of them: its row, from 1, and its text."""

    count: int
    row: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Equal bins over the finite values: ``bins + 1`` edges, and the rows in each."""

    edges: Sequence[float]
    rows: Sequence[int]


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """Facts of one column; shares are of the values that are there, from 0 to 1.

    ``nearly_unique`` is what makes a category look like an id: at least 50 values, nine of ten occurring once.
    ``not_numbers`` is None where the column is not text, ``histogram`` where it is not numbers. ``same_as`` names the
    other columns with the same type and values in every row.
    """

    all_missing: bool
    constant: bool
    missing_share: float
    top_share: float
    distinct_share: float
    nearly_unique: bool
    not_numbers: NotNumbers | None
    histogram: Histogram | None
    top: Sequence[tuple[str, int]]
    same_as: Sequence[str]


def column_facts(frame: pl.DataFrame, profile: Profile) -> dict[str, ColumnFacts]:
    """Return the facts of each column of ``frame`` by its name; ``profile`` is that of the same frame."""
    same = _same_columns(frame)
    return {each.name: _facts(frame[each.name], each, same[each.name]) for each in profile.columns}


def not_numbers(column: pl.Series) -> NotNumbers:
    """Return which values of a text column are no numbers; blank ones are missing, as for a number feature."""
    text = column.cast(pl.String).str.strip_chars()
    # "nan" is text like any other: what means a missing value was taken out when the file was read.
    number = text.cast(pl.Float64, strict=False).fill_nan(None)
    wrong = (text.is_not_null() & (text != "") & number.is_null()).fill_null(value=False)
    places = wrong.arg_true()
    if not len(places):
        return NotNumbers(0)
    first = int(places[0])
    return NotNumbers(len(places), first + 1, shown(column[first]))


def _facts(column: pl.Series, profile: ColumnProfile, same_as: Sequence[str]) -> ColumnFacts:
    present = profile.rows - profile.missing
    most = profile.top_values[0][1] if profile.top_values else 0
    return ColumnFacts(
        all_missing=present == 0,
        constant=profile.distinct == 1,
        missing_share=_share(profile.missing, profile.rows),
        top_share=_share(most, present),
        distinct_share=_share(profile.distinct, present),
        nearly_unique=present >= 50 and profile.distinct * 10 >= present * 9,
        not_numbers=not_numbers(column) if isinstance(column.dtype, _TEXT) else None,
        histogram=_histogram(column),
        top=profile.top_values[:_TOP],
        same_as=same_as,
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _histogram(column: pl.Series) -> Histogram | None:
    if not column.dtype.is_numeric():
        return None
    values = column.drop_nulls().cast(pl.Float64).to_numpy()
    values = values[np.isfinite(values)]
    return Histogram(*histogram(values, most_bins=_BINS)) if len(values) else None


def _same_columns(frame: pl.DataFrame) -> dict[str, list[str]]:
    """Return by column the names of its copies, found by one hash of each."""
    by_hash: dict[str, list[str]] = {}
    for name in frame.columns:
        by_hash.setdefault(column_hash(frame[name]), []).append(name)
    return {name: [other for other in names if other != name] for names in by_hash.values() for name in names}
