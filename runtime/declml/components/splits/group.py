"""The split ``group``: rows of one group stay on one side, on every machine and however the data grows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from declml.components.features.labels import as_labels, can_be_label
from declml.components.splits.drawing import Share, draw_keys, probabilities_parameter, side_of, split_column
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, Rule, parameter


class GroupParameters(Parameters):
    """What a config may say about it."""

    column: str = parameter(
        ...,
        "The column that names each row's group, such as a patient or a household.",
        min_length=1,
        reference="column",
        common=True,
        examples=["patient"],
    )
    probabilities: list[Share] = probabilities_parameter()


def split_by_group(table: pl.DataFrame, *, seed: int, column: str, probabilities: Sequence[float]) -> np.ndarray:
    """Return ``(row,)`` uint8. 12, 12.0 and "12" are one name; a row without any is a group of its own.

    Each group draws its side by its name, so that groups keep it when rows or groups are added; the shares are those of
    the groups, met on average.
    """
    names = split_column(table, column, "group")
    if not can_be_label(names.dtype):
        raise UserProblem(
            "wrong-column-type",
            f"The column '{column}' of the split group must hold names; got {names.dtype} values.",
        )
    return side_of(draw_keys(as_labels(names), seed), probabilities)


COMPONENT = Component(
    kind="split",
    name="group",
    doc="Rows of one group, such as all visits of a patient, stay on one side: the test has groups that training never"
    " saw.",
    parameters=GroupParameters,
    build=split_by_group,
    rules=(Rule("sum", "probabilities", values=(1,)),),
)
