"""The feature type ``vector``: a fixed number of numbers in a value, such as an embedding or the points of a curve."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from declml.components.features.labels import add_counts, as_labels, by_frequency, can_be_label
from declml.components.features.missing import (
    MISSING_DOC,
    MissingStrategy,
    fill_missing,
    finding,
    nested_finding,
    presence_findings,
    unread_findings,
)
from declml.components.features.token_lists import count_values
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml_schema import column_findings as found
from declml_schema.declare import Component, Parameters, Rule, parameter

_BETWEEN = r"[\s,;\[\]()]+"


class InputVectorPreprocessing(Parameters):
    """How a column of vectors becomes an input: lists of numbers, or text with blanks or commas between them."""

    vector_size: int | None = parameter(
        None, "How many numbers each vector has; null takes what most training rows have.", ge=1, common=True
    )
    missing_value_strategy: MissingStrategy = parameter("fill_with_const", MISSING_DOC)
    fill_value: str = parameter(
        "", "The numbers that `fill_with_const` gives a missing vector, with blanks between; empty text means zeros."
    )


class InputVector:
    """A column of vectors as an input. Values of another length, or with something else in them, count as missing."""

    version = 1

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column; the first vector of another length is told with its row."""
        return self._inspect(column, name, preprocessing, is_target=False)

    def _inspect(self, column: pl.Series, name: str, preprocessing: Values, *, is_target: bool) -> list[Finding]:
        if not _can_hold(column.dtype):
            return [nested_finding(name, "vector", column.dtype)]
        vectors = read_vectors(column)
        findings = unread_findings(column, vectors, name, declared="vector")
        if any(each.fatal for each in findings):
            return findings
        size = preprocessing["vector_size"] or _common_size(_sizes(vectors))
        wrong = (vectors.list.len() != size).fill_null(value=False)
        if wrong.any():
            row = int(wrong.arg_true()[0])
            told = found.wrong_length(
                name, count=int(wrong.sum()), rows=len(column), row=row + 1, got=len(vectors[row]), size=size
            )
            findings.append(finding(told))
            if told.fatal:
                return findings
            vectors = vectors.set(wrong, None)
        strategy = preprocessing["missing_value_strategy"]
        values = vectors.list.eval(pl.element().cast(pl.String)).list.join(" ")
        return findings + presence_findings(values, name, is_target=is_target, strategy=strategy)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how many rows of a chunk have how many numbers; ``fill_with_mode`` counts whole vectors too."""
        vectors = read_vectors(column)
        summary: dict[str, Any] = {"sizes": _sizes(vectors), "missing": vectors.null_count()}
        if preprocessing["missing_value_strategy"] == "fill_with_mode":
            wholes = vectors.drop_nulls().list.eval(pl.element().cast(pl.String)).list.join(" ")
            summary["wholes"] = count_values(wholes)
        return summary

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the counts of both chunks."""
        merged: dict[str, Any] = {
            "sizes": add_counts(left["sizes"], right["sizes"]),
            "missing": left["missing"] + right["missing"],
        }
        if "wholes" in left:
            merged["wholes"] = add_counts(left["wholes"], right["wholes"])
        return merged

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``vector_size`` and the stand-in ``fill``, a list of so many numbers."""
        size = preprocessing["vector_size"] or _common_size(summary["sizes"])
        return {"vector_size": size, "missing": summary["missing"], "fill": _stand_in(summary, preprocessing, size)}

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return the vectors, ``(row, vector_size)`` float32, all finite."""
        size = facts["vector_size"]
        vectors = read_vectors(column)
        vectors = vectors.set((vectors.list.len() != size).fill_null(value=False), None)
        strategy, missing = preprocessing["missing_value_strategy"], vectors.null_count()
        counts = {"missing": missing, "unreadable": int((vectors.is_null() & _present(column)).sum())}
        if strategy == "drop_row":
            counts["missing_dropped"] = missing
        vectors, keep = fill_missing(vectors, strategy, facts["fill"])
        values = vectors.explode(empty_as_null=False).to_numpy().astype(np.float32)
        return Encoded(values.reshape(len(column), size), keep=keep, counts=counts)


def _can_hold(dtype: pl.DataType) -> bool:
    if isinstance(dtype, (pl.List, pl.Array)):
        inner: Any = dtype.inner
        return inner.is_numeric() or inner == pl.String
    return can_be_label(dtype) and not dtype.is_temporal() and dtype != pl.Boolean


def _present(column: pl.Series) -> pl.Series:
    return column.is_not_null() if column.dtype.is_nested() else as_labels(column).is_not_null()


def read_vectors(column: pl.Series) -> pl.Series:
    """Return lists of float64, ``(row,)``; null where there is none or where not all of it is finite numbers."""
    if isinstance(column.dtype, (pl.List, pl.Array)):
        lists = column.cast(pl.List(column.dtype.inner)).list.eval(pl.element().cast(pl.Float64, strict=False))
    else:
        text = as_labels(column).str.replace_all(_BETWEEN, " ").str.strip_chars()
        lists = text.set(text == "", None).str.split(" ").list.eval(pl.element().cast(pl.Float64, strict=False))
    right = lists.list.eval(pl.element().is_finite().fill_null(value=False)).list.all() & (lists.list.len() > 0)
    # Float32 is what the network gets: a number beyond it is infinite there.
    right = right & (lists.list.eval(pl.element().abs()).list.max() <= float(np.finfo(np.float32).max))
    return lists.set(~right.fill_null(value=False), None)


def _sizes(vectors: pl.Series) -> dict[str, int]:
    return count_values(vectors.drop_nulls().list.len().cast(pl.String))


def _common_size(sizes: dict[str, int]) -> int:
    return int(by_frequency(sizes)[0]) if sizes else 1


def _stand_in(summary: Summary, preprocessing: Values, size: int) -> list[float]:
    """Return the vector of a missing value; one of another length is a `UserProblem`."""
    strategy, text = preprocessing["missing_value_strategy"], preprocessing["fill_value"]
    if strategy == "fill_with_mode":
        right = {each: rows for each, rows in summary["wholes"].items() if len(each.split(" ")) == size}
        return [float(each) for each in by_frequency(right)[0].split(" ")] if right else [0.0] * size
    if strategy != "fill_with_const" or not text:
        return [0.0] * size
    vector = read_vectors(pl.Series([text]))[0]
    if vector is None or len(vector) != size:
        raise UserProblem("bad-fill-value", f"fill_value must be {size} numbers with blanks between; got {text!r}.")
    return vector.to_list()


INPUT = Component(
    kind="input",
    name="vector",
    doc="A fixed number of numbers in a value, such as an embedding or the points of a curve.",
    build=InputVector,
    preprocessing=InputVectorPreprocessing,
    preprocessing_rules=(Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),),
    facts={"default_encoder": "dense"},
)
