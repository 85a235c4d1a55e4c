"""One text form for the values of a column, whatever type its file gave it: 1, 1.0 and "1" are the same label."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

_INTEGER = re.compile(r"-?[0-9]{1,18}")


def as_labels(column: pl.Series, *, lowercase: bool = False) -> pl.Series:
    """Return a column's values as text without surrounding blanks, ``(row,)``; null where there is none.

    A whole number in a float column is written without ``.0``: a missing value must not rename the classes of an
    integer column. NaN and blank text count as missing.
    """
    if column.dtype.is_float():
        number = pl.col("value")
        whole = number.is_finite() & (number == number.floor()) & (number.abs() < 2**63)
        text = (
            pl.when(whole).then(number.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(number.cast(pl.String))
        )
        labels = pl.DataFrame({"value": column}).select(pl.when(number.is_nan()).then(None).otherwise(text))["literal"]
    else:
        labels = column.cast(pl.String).str.strip_chars()
    labels = labels.set(labels == "", None).alias("label")
    return labels.str.to_lowercase() if lowercase else labels


_TRUTHS = ("true", "false")


def as_known(labels: pl.Series, known: Sequence[str]) -> pl.Series:
    """Return labels with true and false written as ``known`` writes them: tables hold them as values, True or TRUE.

    A label that is itself among ``known`` stays as it is.
    """
    spelled: dict[str, str] = {}
    for label in known:
        if label.lower() in _TRUTHS:
            spelled.setdefault(label.lower(), label)
    if not spelled:
        return labels
    respelled = labels.str.to_lowercase().replace_strict(
        list(spelled), list(spelled.values()), default=None, return_dtype=pl.String
    )
    stays = respelled.is_null() | labels.is_in([label for label in known if label.lower() in _TRUTHS])
    return labels.zip_with(stays.fill_null(value=True), respelled)


def can_be_label(dtype: pl.DataType) -> bool:
    """Return whether values of this type have a text form: lists, structs and binary data have none."""
    return not (dtype.is_nested() or dtype == pl.Binary or dtype == pl.Object)


def label_kind(dtype: pl.DataType) -> str:
    """Return what predicted labels turn back into: ``integer``, ``boolean`` or ``text``."""
    if dtype.is_integer():
        return "integer"
    return "boolean" if dtype == pl.Boolean else "text"


def joined_kind(left: str, right: str) -> str:
    """Return the kind of two chunks of one column together."""
    return left if left == right else "text"


def kind_of_classes(kind: str, classes: Sequence[str]) -> str:
    """Return ``kind``, or ``text`` where a class, such as the stand-in of missing values, is no value of that kind."""
    if kind == "integer" and not all(_INTEGER.fullmatch(label) for label in classes):
        return "text"
    if kind == "boolean" and not {"true", "false"}.issuperset(classes):
        return "text"
    return kind


def from_labels(labels: pl.Series, kind: str) -> pl.Series:
    """Return labels as values of the column that they came from."""
    if kind == "integer":
        return labels.cast(pl.Int64)
    if kind == "boolean":
        return labels == "true"
    return labels


def count_labels(column: pl.Series, *, lowercase: bool = False) -> tuple[dict[str, int], int]:
    """Return how often each label of a column occurs, and how many values are missing.

    Only the different values become text, which are few where labels are worth learning.
    """
    table = column.alias("value").value_counts(name="rows")
    counts: dict[str, int] = {}
    missing = 0
    labels = as_labels(table["value"], lowercase=lowercase).to_list()
    for label, rows in zip(labels, table["rows"].to_list(), strict=True):
        if label is None:
            missing += rows
        else:
            counts[label] = counts.get(label, 0) + rows
    return counts, missing


@dataclass(frozen=True, slots=True)
class CodedLabels:
    """A column by its different labels: row ``i`` has label ``labels[codes[i]]``, which is null where it is missing."""

    codes: np.ndarray  # (row,) uint32
    labels: pl.Series  # (code,) text

    def map(self, values: pl.Series) -> pl.Series:
        """Return for each row the value that ``values``, ``(code,)`` of a number type, has for its label."""
        known = pl.Series(values.fill_null(0).to_numpy()[self.codes])
        if not values.null_count():
            return known
        nowhere = values.is_null().to_numpy()[self.codes]
        return known.set(pl.Series(nowhere), None) if nowhere.any() else known


def coded_labels(column: pl.Series, *, lowercase: bool = False) -> CodedLabels:
    """Return the labels of a column as `as_labels` writes them, each of them once."""
    texts = column if column.dtype == pl.String else as_labels(column)
    kind = pl.Categorical(pl.Categories.random())
    coded = texts.cast(kind)  # holds what the codes mean as long as it is there
    codes = coded.to_physical()
    present = codes.unique().drop_nulls()  # there may be gaps between them
    size = int(present.to_numpy().max(initial=0)) + 1
    labels = pl.Series("label", [None], dtype=pl.String).new_from_index(0, size + 1)
    labels = labels.scatter(present, as_labels(present.cat.to(kind).cast(pl.String), lowercase=lowercase))
    return CodedLabels(codes.fill_null(size).to_numpy(), labels)


def add_counts(left: dict[str, int], right: dict[str, int]) -> dict[str, int]:
    """Return the counts of two chunks together."""
    total = dict(left)
    for label, rows in right.items():
        total[label] = total.get(label, 0) + rows
    return total


def by_frequency(counts: dict[str, int]) -> list[str]:
    """Return the labels, the most frequent first, equals in the order of their text."""
    return sorted(counts, key=lambda label: (-counts[label], label))
