"""The feature type ``number``: quantities, filled, freed of outliers and scaled; float64 inside, float32 out."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import polars as pl

from declml.components.features.histogram import histogram_of, merged_histogram
from declml.components.features.labels import can_be_label
from declml.components.features.missing import (
    fill_missing,
    finding,
    first_row,
    keep_both,
    nested_finding,
    presence_findings,
)
from declml.components.features.number_fit import (
    bounded,
    fit_numbers,
    moments_of,
    needs_histogram,
    scaled,
    unscaled,
)
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml_schema import column_findings as found
from declml_schema.declare import Component, Parameters, Rule, parameter

NumberStrategy = Literal["fill_with_const", "fill_with_mode", "fill_with_mean", "bfill", "ffill", "drop_row"]
Normalization = Literal["zscore", "minmax", "log1p", "iq", "robust", "quantile"]

_MISSING_DOC = (
    "What a missing value becomes: a constant, the most frequent value, the mean, the next (bfill) or previous (ffill)"
    " value in the column, or nothing, leaving the row out."
)
_FILL_DOC = "The constant that `fill_with_const` puts where a value is missing or an outlier."
_NORMALIZATION_DOC = (
    "How training rows scale values: zscore to deviation 1, minmax to 0..1, iq by the middle half, robust also where"
    " that is constant, log1p to log(1 + x), quantile by rank to a normal shape; null not at all."
)
_OUTLIER_DOC = "What becomes of values far from the mean; null leaves them as they are."
_THRESHOLD_DOC = (
    "How many standard deviations from the mean a value may be before it is an outlier; larger changes fewer values."
)


class InputNumberPreprocessing(Parameters):
    """How a number column becomes an input."""

    missing_value_strategy: NumberStrategy = parameter("fill_with_const", _MISSING_DOC, common=True)
    fill_value: float = parameter(0.0, _FILL_DOC)
    normalization: Normalization | None = parameter("quantile", _NORMALIZATION_DOC, common=True)
    outlier_strategy: NumberStrategy | None = parameter(None, _OUTLIER_DOC)
    outlier_threshold: float = parameter(3.0, _THRESHOLD_DOC, gt=0, unit="standard deviations")


class OutputNumberPreprocessing(Parameters):
    """How a number column becomes a target."""

    missing_value_strategy: NumberStrategy = parameter("drop_row", _MISSING_DOC)
    fill_value: float = parameter(0.0, _FILL_DOC)
    # Ludwig leaves targets as they are, so that a price of 200,000 takes a thousand steps to reach: here they are
    # scaled by default.
    normalization: Normalization | None = parameter("zscore", _NORMALIZATION_DOC, common=True)
    outlier_strategy: NumberStrategy | None = parameter(None, _OUTLIER_DOC)
    outlier_threshold: float = parameter(3.0, _THRESHOLD_DOC, gt=0, unit="standard deviations")


class OutputNumberParameters(Parameters):
    """What a number output says of its predictions."""

    clip: list[float] | None = parameter(
        None,
        "The smallest and the largest value that a prediction may have; what lies outside is moved to the nearer one.",
        min_length=2,
        max_length=2,
        examples=[[0.0, 100.0]],
    )


class InputNumber:
    """A number column as an input. Values that cannot be read, and infinite ones, count as missing."""

    version = 2

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        return _inspect(column, name, preprocessing, is_target=False)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return count, mean, squared deviations and range of a chunk; its values too where ranks are needed.

        The values are a histogram, exact up to `MOST_VALUES` different ones.
        """
        values = _read(column, preprocessing).values.drop_nulls().to_numpy()
        summary: dict[str, Any] = {"count": len(values), "missing": len(column) - len(values), **moments_of(values)}
        if needs_histogram(preprocessing):
            distinct, counts = histogram_of(values)
            summary["values"], summary["counts"] = distinct.tolist(), counts.tolist()
        return summary

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks (Chan, Golub and LeVeque, 1979)."""
        if not left["count"] or not right["count"]:
            full = dict(left if left["count"] else right)
            return {**full, "missing": left["missing"] + right["missing"]}
        count = left["count"] + right["count"]
        delta = right["mean"] - left["mean"]
        merged: dict[str, Any] = {
            "count": count,
            "missing": left["missing"] + right["missing"],
            "mean": bounded(left["mean"] + delta * (right["count"] / count)),
            "m2": bounded(left["m2"] + right["m2"] + delta * delta * (left["count"] * (right["count"] / count))),
            "min": min(left["min"], right["min"]),
            "max": max(left["max"], right["max"]),
        }
        if "values" in left:
            distinct, counts = merged_histogram(_histogram(left), _histogram(right))
            merged["values"], merged["counts"] = distinct.tolist(), counts.tolist()
        return merged

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return count, mean, std, min and max of the training values, the stand-ins, and ``shift`` and ``scale``.

        Where the encoder asks for ``bins``, also ``edges``: the bounds of at most so many bins of equally many rows, in
        rising order, on the scale of the encoded values; a value that many rows share fills a bin of its own.
        """
        return fit_numbers(summary, preprocessing)

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return the scaled values, ``(row,)`` float32, all finite.

        Where the encoder asks for ``missing_marks``, ``(row, 2)``: the values, and 1 where there was none, else 0.
        """
        return _encode(column, facts, preprocessing)


class OutputNumber(InputNumber):
    """A number column as a target; predictions come back in its own unit."""

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        return _inspect(column, name, preprocessing, is_target=True)

    def decode(
        self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values
    ) -> dict[str, pl.Series]:
        """Return ``predictions``, float64 in the column's unit, within ``clip`` where that is given."""
        values = self.scores(answers, facts, preprocessing, parameters)
        if parameters.get("clip") is not None:
            low, high = sorted(parameters["clip"])
            values = np.clip(values, low, high)
        return {"predictions": pl.Series("predictions", values)}

    def targets(self, encoded: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
        """Return targets in the column's unit, ``(row,)`` float64."""
        return unscaled(encoded, facts, preprocessing)

    def scores(self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values) -> np.ndarray:
        """Return answers in the column's unit, ``(row,)`` float64."""
        return unscaled(answers, facts, preprocessing)


def _histogram(summary: Summary) -> tuple[np.ndarray, np.ndarray]:
    return np.array(summary["values"], dtype=np.float64), np.array(summary["counts"], dtype=np.int64)


# --- from a column to float64 -----------------------------------------------------------------------------------------


class _Numbers:
    """A column as float64 with null where nothing can be used, and the masks of why; None where no row is so."""

    def __init__(
        self,
        values: pl.Series,
        unreadable: pl.Series | None = None,
        infinite: pl.Series | None = None,
        outside: pl.Series | None = None,
    ) -> None:
        self.values = values
        self.unreadable = unreadable
        self.infinite = infinite
        self.outside = outside


def _count(*masks: pl.Series | None) -> int:
    """Return the rows of masks that no row has two of."""
    return sum(int(mask.sum()) for mask in masks if mask is not None)


def _read(column: pl.Series, preprocessing: Values) -> _Numbers:
    if column.dtype.is_numeric() and preprocessing["normalization"] != "log1p":
        values = column.cast(pl.Float64)
        if not column.dtype.is_float() or bool(values.is_finite().all()):
            return _Numbers(values.alias("value"))  # as most columns are
    present = column.is_not_null()
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        values = column.cast(pl.Float64)
    elif isinstance(column.dtype, (pl.String, pl.Categorical, pl.Enum)):
        text = column.cast(pl.String).str.strip_chars()
        present = present & (text != "")
        values = text.cast(pl.Float64, strict=False)
    else:
        values = pl.Series(column.name, [None], dtype=pl.Float64).new_from_index(0, len(column))
    values = values.fill_nan(None)
    unreadable = (present & values.is_null()).fill_null(value=False)
    if column.dtype.is_float():
        unreadable = unreadable & False  # NaN in a float column is simply missing
    infinite = values.is_infinite().fill_null(value=False)
    values = values.set(infinite, None)
    outside = (values <= -1.0).fill_null(value=False) if preprocessing["normalization"] == "log1p" else infinite & False
    return _Numbers(values.set(outside, None).alias("value"), unreadable, infinite, outside)


def _inspect(column: pl.Series, name: str, preprocessing: Values, *, is_target: bool) -> list[Finding]:
    if column.dtype.is_temporal() or not can_be_label(column.dtype):
        return [nested_finding(name, "number", column.dtype)]
    numbers, rows = _read(column, preprocessing), len(column)
    findings: list[Finding] = []
    texts = _count(numbers.unreadable)
    if numbers.unreadable is not None and texts:
        row = first_row(numbers.unreadable)
        told = found.not_numbers(name, texts=texts, rows=rows, row=row, text=str(column[row - 1]))
        findings.append(finding(told))
        if findings[0].fatal:
            return findings
    infinite = _count(numbers.infinite)
    if numbers.infinite is not None and infinite:
        row = first_row(numbers.infinite)
        findings.append(
            Finding(
                "infinite-value",
                f"Column '{name}' must be finite; got {infinite:,} infinite of {rows:,} values, first at row"
                f" {row:,}. They count as missing.",
            )
        )
    outside = _count(numbers.outside)
    if numbers.outside is not None and outside:
        row = first_row(numbers.outside)
        findings.append(
            Finding(
                "outside-log1p",
                f"Column '{name}' must be > -1 for the normalization log1p; got {outside:,} of {rows:,} values that"
                f" are not, first at row {row:,}.",
                fatal=True,
            )
        )
    strategy = preprocessing["missing_value_strategy"]
    return findings + presence_findings(numbers.values, name, is_target=is_target, strategy=strategy)


# --- encoding and back ----------------------------------------------------------------------------------------------


def _encode(column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
    numbers = _read(column, preprocessing)
    values = numbers.values
    counts = {
        "missing": values.null_count(),
        "unreadable": _count(numbers.unreadable, numbers.outside),
        "infinite": _count(numbers.infinite),
    }
    outlier_keep = None
    if preprocessing["outlier_strategy"] is not None and "low" in facts:
        far = ((values < facts["low"]) | (values > facts["high"])).fill_null(value=False)
        counts["outliers"] = int(far.sum())
        if counts["outliers"]:
            inside = values.set(far, None)
            replaced, _ = fill_missing(inside, preprocessing["outlier_strategy"], facts["outlier_fill"])
            values = replaced.zip_with(far, values)
            outlier_keep = ~far.to_numpy() if preprocessing["outlier_strategy"] == "drop_row" else None
    strategy = preprocessing["missing_value_strategy"]
    values, missing_keep = fill_missing(values, strategy, facts["fill"])
    if strategy == "drop_row":
        counts["missing_dropped"] = counts["missing"]
    encoded = scaled(values.to_numpy(), facts, preprocessing)
    if preprocessing.get("missing_marks"):
        encoded = np.stack([encoded, numbers.values.is_null().to_numpy().astype(np.float32)], axis=1)
    return Encoded(encoded, keep=keep_both(missing_keep, outlier_keep), counts=counts)


INPUT = Component(
    kind="input",
    name="number",
    doc="A quantity, such as an age or a price.",
    build=InputNumber,
    preprocessing=InputNumberPreprocessing,
    preprocessing_rules=(
        Rule(
            "ignored-unless",
            "outlier_threshold",
            "outlier_strategy",
            ("fill_with_const", "fill_with_mode", "fill_with_mean", "bfill", "ffill", "drop_row"),
        ),
    ),
    facts={"default_encoder": "piecewise_linear"},
)

OUTPUT = Component(
    kind="output",
    name="number",
    doc="A quantity to predict: regression.",
    parameters=OutputNumberParameters,
    build=OutputNumber,
    preprocessing=OutputNumberPreprocessing,
    preprocessing_rules=(
        Rule(
            "ignored-unless",
            "outlier_threshold",
            "outlier_strategy",
            ("fill_with_const", "fill_with_mode", "fill_with_mean", "bfill", "ffill", "drop_row"),
        ),
    ),
    facts={
        "default_decoder": "regressor",
        "default_loss": "mean_squared_error",
        "default_metric": "mean_absolute_error",
    },
)
