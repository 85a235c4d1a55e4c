"""The split ``fixed``: a column of the data says on which side each row is."""

from __future__ import annotations

import numpy as np
import polars as pl

from declml.components.features.labels import as_labels, can_be_label
from declml.components.splits.drawing import split_column
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, parameter

WORDS = {
    "0": 0, "train": 0, "training": 0,
    "1": 1, "validation": 1, "valid": 1, "val": 1, "dev": 1,
    "2": 2, "test": 2, "testing": 2,
}  # fmt: skip
"""What a row may say, in lower case, and its side."""


class FixedParameters(Parameters):
    """What a config may say about it."""

    column: str = parameter(
        "split",
        "The column that holds 0 or training, 1 or validation, 2 or test.",
        min_length=1,
        reference="column",
        common=True,
    )


def split_by_column(table: pl.DataFrame, *, seed: int, column: str) -> np.ndarray:
    """Return ``(row,)`` uint8; a value that names no side is a `UserProblem` with its row."""
    del seed
    values = split_column(table, column, "fixed")
    if not can_be_label(values.dtype):
        raise UserProblem(
            "bad-split-value", f"The split column '{column}' must hold 0, 1 or 2; got {values.dtype} values."
        )
    labels = as_labels(values, lowercase=True)
    sides = labels.replace_strict(list(WORDS), list(WORDS.values()), default=None, return_dtype=pl.UInt8)
    strange = sides.is_null()
    if strange.any():
        row = int(strange.arg_true()[0])
        got = "nothing" if values[row] is None else f"'{values[row]}'"
        raise UserProblem(
            "bad-split-value",
            f"The split column '{column}' must say 0, 1, 2, training, validation or test in every row;"
            f" got {got} at row {row + 1:,} ({int(strange.sum()):,} such rows).",
        )
    return sides.to_numpy()


COMPONENT = Component(
    kind="split",
    name="fixed",
    doc="A column of the data says which rows are for training, validation and test.",
    parameters=FixedParameters,
    build=split_by_column,
)
