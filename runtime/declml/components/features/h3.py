"""The feature type ``h3``: a place on earth as a cell of the H3 grid of hexagons (https://h3geo.org)."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from declml.components.features.h3_reading import cell_parts, read_cells
from declml.components.features.labels import add_counts, as_labels, by_frequency
from declml.components.features.missing import (
    MISSING_DOC,
    MissingStrategy,
    fill_missing,
    nested_finding,
    presence_findings,
    unread_findings,
)
from declml.components.features.token_lists import count_values
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, Rule, parameter

_FILL = 576495936675512319


class InputH3Preprocessing(Parameters):
    """How a column of H3 cells becomes an input: integers, or text as H3 writes it, such as 8928308280fffff."""

    missing_value_strategy: MissingStrategy = parameter("fill_with_const", MISSING_DOC)
    fill_value: int = parameter(
        _FILL,
        "The cell that `fill_with_const` gives a missing one, as an integer; the default is a large one in the Arctic.",
        ge=0,
    )


class InputH3:
    """A column of H3 cells as an input. Values that are no valid index count as missing."""

    version = 1

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        if not _can_hold(column):
            return [nested_finding(name, "h3", column.dtype)]
        _check(preprocessing["fill_value"])
        cells = read_cells(column)
        findings = unread_findings(column, cells, name, declared="h3")
        if any(each.fatal for each in findings):
            return findings
        strategy = preprocessing["missing_value_strategy"]
        return findings + presence_findings(cells, name, is_target=False, strategy=strategy)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how many cells of a chunk are missing; ``fill_with_mode`` counts the others too."""
        cells = read_cells(column)
        summary: dict[str, Any] = {"missing": cells.null_count()}
        if preprocessing["missing_value_strategy"] == "fill_with_mode":
            summary["counts"] = count_values(cells.drop_nulls().cast(pl.String))
        return summary

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the counts of both chunks."""
        merged: dict[str, Any] = {"missing": left["missing"] + right["missing"]}
        if "counts" in left:
            merged["counts"] = add_counts(left["counts"], right["counts"])
        return merged

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``fill``, the cell that stands in for a missing one."""
        fill = _check(preprocessing["fill_value"])
        if summary.get("counts"):
            fill = int(by_frequency(summary["counts"])[0])
        return {"missing": summary["missing"], "fill": fill}

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return mode, edge, resolution, base cell and 15 digits of each cell, ``(row, 19)`` float32."""
        cells = read_cells(column)
        strategy, missing = preprocessing["missing_value_strategy"], cells.null_count()
        counts = {"missing": missing, "unreadable": int((cells.is_null() & as_labels(column).is_not_null()).sum())}
        if strategy == "drop_row":
            counts["missing_dropped"] = missing
        cells, keep = fill_missing(cells, strategy, facts["fill"])
        return Encoded(cell_parts(cells).astype(np.float32), keep=keep, counts=counts)


def _can_hold(column: pl.Series) -> bool:
    """Return whether there can be cells in a column: of floats there cannot, as they lose the last digits."""
    return column.dtype.is_integer() or column.dtype == pl.String or column.null_count() == len(column)


def _check(fill: int) -> int:
    """Return the stand-in; what is no cell is a `UserProblem`."""
    if read_cells(pl.Series([str(fill)])).null_count():
        raise UserProblem("bad-fill-value", f"fill_value must be an H3 index as an integer; got {fill}.")
    return fill


INPUT = Component(
    kind="input",
    name="h3",
    doc="A place on earth as a cell of the H3 grid of hexagons, such as 8928308280fffff.",
    build=InputH3,
    preprocessing=InputH3Preprocessing,
    preprocessing_rules=(Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),),
    facts={"default_encoder": "embed"},
)
