"""The split ``hash``: rows with the same key stay on the same side, on every machine and however the data grows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from declml.components.features.labels import as_labels, can_be_label
from declml.components.splits.drawing import Share, draw_keys, probabilities_parameter, side_of, split_column
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, Rule, parameter


class HashParameters(Parameters):
    """What a config may say about it."""

    column: str = parameter(
        ...,
        "The column whose value decides the side, such as a customer's id: rows of one value stay together.",
        min_length=1,
        reference="column",
        common=True,
    )
    probabilities: list[Share] = probabilities_parameter()


def split_by_hash(table: pl.DataFrame, *, seed: int, column: str, probabilities: Sequence[float]) -> np.ndarray:
    """Return ``(row,)`` uint8. 12, 12.0 and "12" are one key; a row without a key goes by its place in the table."""
    keys = split_column(table, column, "hash")
    if not can_be_label(keys.dtype):
        raise UserProblem(
            "wrong-column-type", f"The column '{column}' of the split hash must hold keys; got {keys.dtype} values."
        )
    return side_of(draw_keys(as_labels(keys), seed), probabilities)


COMPONENT = Component(
    kind="split",
    name="hash",
    doc="Rows with the same value of a column stay on the same side, so that nothing about one of them leaks into"
    " the test.",
    parameters=HashParameters,
    build=split_by_hash,
    rules=(Rule("sum", "probabilities", values=(1,)),),
)
