"""The split ``stratify``: every class of a column is divided in the same shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from declml.components.features.labels import as_labels, can_be_label
from declml.components.splits.drawing import Share, draw_rows, probabilities_parameter, side_of, split_column
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, Rule, parameter


class StratifyParameters(Parameters):
    """What a config may say about it."""

    column: str = parameter(
        ...,
        "The column whose classes are divided alike, mostly the target.",
        min_length=1,
        reference="column",
        common=True,
    )
    probabilities: list[Share] = probabilities_parameter()


def split_stratified(table: pl.DataFrame, *, seed: int, column: str, probabilities: Sequence[float]) -> np.ndarray:
    """Return ``(row,)`` uint8: within each class, rows in the order of a hash fill the sides' quotas.

    Missing values are a class of their own. Appended rows shift the borders of the quotas, not the order.
    """
    values = split_column(table, column, "stratify")
    if not can_be_label(values.dtype):
        raise UserProblem(
            "wrong-column-type",
            f"The column '{column}' of the split stratify must hold classes; got {values.dtype} values.",
        )
    frame = pl.DataFrame({"label": as_labels(values), "drawn": draw_rows(table.height, seed)})
    rank = pl.col("drawn").rank("ordinal").over("label")
    # The middle of a row's slot: a class of one row goes to training, one of three to all sides that have a third.
    place = frame.select(((rank - 0.5) / pl.len().over("label")).alias("place"))["place"]
    return side_of(place.to_numpy(), probabilities)


COMPONENT = Component(
    kind="split",
    name="stratify",
    doc="Each class of a column, mostly the target, is divided in the same shares.",
    parameters=StratifyParameters,
    build=split_stratified,
    rules=(Rule("sum", "probabilities", values=(1,)),),
)
