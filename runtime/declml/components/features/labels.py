"""One text form for the values of a column, whatever type its file gave it: 1, 1.0 and "1" are the same label."""

from __future__ import annotations

import re
from collections.abc import Sequence

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


def count_labels(labels: pl.Series) -> dict[str, int]:
    """Return how often each label occurs, the missing left out."""
    table = labels.alias("label").drop_nulls().value_counts(name="rows")
    return dict(zip(table["label"].to_list(), table["rows"].to_list(), strict=True))


def add_counts(left: dict[str, int], right: dict[str, int]) -> dict[str, int]:
    """Return the counts of two chunks together."""
    total = dict(left)
    for label, rows in right.items():
        total[label] = total.get(label, 0) + rows
    return total


def by_frequency(counts: dict[str, int]) -> list[str]:
    """Return the labels, the most frequent first, equals in the order of their text."""
    return sorted(counts, key=lambda label: (-counts[label], label))
