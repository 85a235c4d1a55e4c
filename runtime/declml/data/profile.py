"""What a table holds, column by column: numbers for a person, a guess at feature types for a new config."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from declml.data.table import read_table

FeatureType: TypeAlias = Literal["number", "category", "binary", "text", "date"]

_MOST_BINS = 20
_MOST_VALUES = 10
_EXAMPLES = 5
_SHOWN = 80
_BINARY_WORDS = {"1", "0", "true", "false", "yes", "no", "t", "f", "y", "n", "on", "off"}
_TARGET_NAMES = (
    "target",
    "label",
    "class",
    "y",
    "outcome",
    "output",
    "response",
    "survived",
    "churn",
    "income",
    "price",
    "species",
)


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """The distribution of a number column: quantiles by share, and a histogram of equal bins (``bins + 1`` edges)."""

    min: float
    max: float
    mean: float
    std: float
    quantiles: Mapping[str, float]
    histogram_edges: Sequence[float]
    histogram_rows: Sequence[int]
    infinite: int = 0


@dataclass(frozen=True, slots=True)
class TextFacts:
    """How long the texts of a column are, in words."""

    mean_words: float
    max_words: int


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column. ``feature_type`` is None where nothing can be learned from it; ``reason`` says why in a few words.

    ``top_values`` are the most frequent values with their rows; ``examples`` the first different ones; both shortened.
    """

    name: str
    dtype: str
    rows: int
    missing: int
    distinct: int
    feature_type: FeatureType | None
    reason: str
    top_values: Sequence[tuple[str, int]] = ()
    examples: Sequence[str] = ()
    number: NumberFacts | None = None
    text: TextFacts | None = None
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A table: its size and its columns in their order."""

    rows: int
    columns: Sequence[ColumnProfile] = field(default_factory=list[ColumnProfile])

    def as_json(self) -> dict[str, Any]:
        """Return the profile as JSON data."""
        return asdict(self)

    def column(self, name: str) -> ColumnProfile:
        """Return the profile of that column; a `KeyError` otherwise."""
        for each in self.columns:
            if each.name == name:
                return each
        raise KeyError(name)


def profile(data: pl.DataFrame | Path) -> Profile:
    """Return what a frame, or the file at a path, holds. A file that cannot be read is a `UserProblem`."""
    frame = data if isinstance(data, pl.DataFrame) else read_table([data])
    return Profile(rows=frame.height, columns=[_profile_column(frame[name]) for name in frame.columns])


def likely_target(profile: Profile) -> str | None:
    """Return the column that is most likely to be predicted, or None.

    A column named like a target wins, then the last column that is a category or binary, then the last one that is a
    number.
    """
    usable = [each for each in profile.columns if each.feature_type in {"number", "category", "binary"}]
    usable = [each for each in usable if not each.warnings or all("missing" in warning for warning in each.warnings)]
    if not usable:
        return None
    names = {each.name.lower() for each in profile.columns}
    for wanted in _TARGET_NAMES:
        if wanted == "y" and {"x", "z"} <= names:
            continue  # a coordinate, not a target
        for each in usable:
            if wanted == each.name.lower() or wanted in re.split(r"[^a-z0-9]+", each.name.lower()):
                return each.name
    ends = [each for each in (profile.columns[-1], profile.columns[0]) if each in usable]
    ends = [each for each in ends if each.feature_type == "number" or each.distinct <= 100]
    for each in ends:
        if each.feature_type in {"category", "binary"}:
            return each.name
    classes = [each for each in usable if each.feature_type in {"category", "binary"} and each.distinct <= 20]
    return ends[0].name if ends else (classes[-1].name if classes else usable[-1].name)


# --- one column -----------------------------------------------------------------------------------------------------


def _profile_column(column: pl.Series) -> ColumnProfile:
    name, dtype = column.name, str(column.dtype)
    if column.dtype.is_nested() or column.dtype == pl.Binary or column.dtype == pl.Object:
        return ColumnProfile(
            name=name,
            dtype=dtype,
            rows=len(column),
            missing=column.null_count(),
            distinct=0,
            feature_type=None,
            reason=f"{dtype} values are not a feature type that can be read yet",
            warnings=[f"holds {dtype} values"],
        )
    if column.dtype.is_float():
        column = column.fill_nan(None)
    present = column.drop_nulls()
    counts = present.alias("value").value_counts(name="rows").sort("rows", "value", descending=[True, False])
    words = _words(present) if present.dtype == pl.String and len(present) else None
    feature_type, reason = _feature_type(present, counts, words)
    return ColumnProfile(
        name=name,
        dtype=dtype,
        rows=len(column),
        missing=column.null_count(),
        distinct=counts.height,
        feature_type=feature_type,
        reason=reason,
        top_values=[(shown(value), rows) for value, rows in counts.head(_MOST_VALUES).iter_rows()],
        examples=[shown(value) for value in present.head(1000).unique(maintain_order=True).head(_EXAMPLES).to_list()],
        number=_number_facts(present),
        text=words,
        warnings=_warnings(column, counts, feature_type),
    )


def shown(value: object) -> str:
    """Return a value as a short text."""
    text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _words(present: pl.Series) -> TextFacts:
    lengths = present.str.count_matches(r"\S+").to_numpy()
    return TextFacts(mean_words=round(float(lengths.mean()), 2), max_words=int(lengths.max()))


def _number_facts(present: pl.Series) -> NumberFacts | None:
    if not present.dtype.is_numeric():
        return None
    wide = present.cast(pl.Float64).to_numpy()
    values = wide[np.isfinite(wide)]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    shares = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
    quantiles = np.quantile(values, shares)
    with np.errstate(over="ignore", invalid="ignore"):
        std = float(values.std())
        mean = float(values.mean())
        # The sum of huge numbers overflows where their mean does not.
        mean = mean if np.isfinite(mean) else float((values / len(values)).sum())
    edges, rows = histogram(values, most_bins=_MOST_BINS)
    return NumberFacts(
        min=low,
        max=high,
        mean=mean,
        std=std if np.isfinite(std) else 0.0,
        quantiles={f"{share:g}": float(value) for share, value in zip(shares, quantiles, strict=True)},
        histogram_edges=edges,
        histogram_rows=rows,
        infinite=int(len(wide) - len(values)),
    )


def histogram(values: np.ndarray, *, most_bins: int) -> tuple[list[float], list[int]]:
    """Return the edges of equal bins over finite values, ``(bin + 1,)``, and the values in each, ``(bin,)``."""
    low, high = float(values.min()), float(values.max())
    bins = 1 if low == high else min(most_bins, max(1, len(values)))
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.linspace(low, high, bins + 1)
    # A range of a few denormals, or one that overflows, has no equal bins: one bin tells the truth.
    if not np.isfinite(edges).all() or (bins > 1 and (np.diff(edges) <= 0).any()):
        edges = np.array([low, high])
    rows = np.histogram(values, edges)[0] if edges[0] < edges[-1] else np.array([len(values)])
    return [float(edge) for edge in edges], [int(each) for each in rows]


def _feature_type(present: pl.Series, counts: pl.DataFrame, words: TextFacts | None) -> tuple[FeatureType | None, str]:
    distinct, rows = counts.height, len(present)
    if rows == 0:
        return None, "all values are missing"
    if present.dtype == pl.Boolean:
        return "binary", "true and false"
    values = {str(value).lower().removesuffix(".0") for value in counts["value"].head(3).to_list()}
    if distinct == 2:
        if values <= _BINARY_WORDS:
            return "binary", f"two values, {' and '.join(sorted(values))}"
        return (
            ("category", "two different numbers") if present.dtype.is_numeric() else ("binary", "two different values")
        )
    if present.dtype.is_numeric():
        if present.dtype.is_integer() and distinct <= 10 and rows >= 10 * distinct and _is_dense(present, distinct):
            return "category", f"{distinct} small whole numbers, each in many rows"
        return "number", "numbers"
    if isinstance(present.dtype, (pl.Date, pl.Datetime)):
        return "date", "dates and times"
    if present.dtype.is_temporal():
        return "category", "times of day and durations are read as labels"
    return _text_or_category(distinct, rows, words)


def _is_dense(present: pl.Series, distinct: int) -> bool:
    """Return whether whole numbers look like codes: few, small and without large gaps."""
    low, high = _ends(present)
    return low >= 0 and high <= 20 and high - low < 2 * distinct


def _text_or_category(distinct: int, rows: int, words: TextFacts | None) -> tuple[FeatureType, str]:
    mean = words.mean_words if words is not None else 1.0
    if mean >= 4 and distinct > rows * 0.2:
        return "text", f"{mean:g} words a row on average, {distinct:,} different texts"
    if mean >= 2 and distinct > max(1000, rows * 0.5):
        return "text", f"{distinct:,} different texts of {mean:g} words on average"
    return "category", f"{distinct:,} different labels in {rows:,} rows"


def _warnings(column: pl.Series, counts: pl.DataFrame, feature_type: FeatureType | None) -> list[str]:
    rows, missing, distinct = len(column), column.null_count(), counts.height
    present = rows - missing
    if rows and present == 0:
        return ["all values are missing"]
    warnings: list[str] = []
    if distinct == 1 and rows > 1:
        warnings.append("all values are the same")
    if present >= 50 and distinct * 10 >= present * 9 and (column.dtype.is_integer() or feature_type == "category"):
        sequence = column.dtype.is_integer() and distinct == present
        if feature_type == "category" or (sequence and _runs_through(column)):
            warnings.append("nearly every row has a value of its own: it looks like an id")
    if missing * 2 > rows:
        warnings.append(f"{missing:,} of {rows:,} values are missing")
    return warnings


def _runs_through(column: pl.Series) -> bool:
    """Return whether whole numbers count the rows: no gaps to speak of."""
    present = column.drop_nulls()
    low, high = _ends(present)
    return high - low < 2 * len(present)


def _ends(present: pl.Series) -> tuple[int, int]:
    """Return the smallest and the largest of whole numbers."""
    values = present.to_numpy()
    return int(values.min()), int(values.max())
