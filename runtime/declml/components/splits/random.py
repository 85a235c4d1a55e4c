"""The split ``random``: each row draws its side by its place in the table, so appended rows move no old one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from declml.components.splits.drawing import Share, draw_rows, probabilities_parameter, side_of
from declml_schema.declare import Component, Parameters, Rule


class RandomParameters(Parameters):
    """What a config may say about it."""

    probabilities: list[Share] = probabilities_parameter()


def split_randomly(table: pl.DataFrame, *, seed: int, probabilities: Sequence[float]) -> np.ndarray:
    """Return ``(row,)`` uint8; the shares are met on average, as coins are, not to the row."""
    return side_of(draw_rows(table.height, seed), probabilities)


COMPONENT = Component(
    kind="split",
    name="random",
    doc="Each row goes to a side by chance; appending rows moves no row that was there before.",
    parameters=RandomParameters,
    build=split_randomly,
    rules=(Rule("sum", "probabilities", values=(1,)),),
)
