"""Which rows the declared slices of an evaluation hold."""

from __future__ import annotations

import contextlib

import numpy as np
import polars as pl

from declml.errors import UserProblem
from declml_schema.plan import Plan


def slice_columns(plan: Plan) -> list[str]:
    """Return the columns that the declared slices name; a condition that cannot be read names none."""
    names: list[str] = []
    for each in plan.evaluation.get("slices") or []:
        with contextlib.suppress(pl.exceptions.PolarsError):  # told by `slice_masks`
            names += pl.sql_expr(each["where"]).meta.root_names() if each.get("where") else [each.get("column")]
    return list(dict.fromkeys(name for name in names if name))


def slice_masks(plan: Plan, table: pl.DataFrame) -> dict[str, np.ndarray]:
    """Return name -> ``(row,)`` bool for every declared slice; a condition that cannot be read is a `UserProblem`."""
    masks: dict[str, np.ndarray] = {}
    for index, each in enumerate(plan.evaluation.get("slices") or []):
        path = f"evaluation.slices[{index}]"
        if each.get("where"):
            name = each.get("name") or each["where"]
            try:
                mask = table.select(pl.sql_expr(each["where"]).fill_null(value=False).alias("slice"))["slice"]
                masks[name] = mask.cast(pl.Boolean).to_numpy()
            except (pl.exceptions.PolarsError, TypeError) as error:
                reason = str(error).strip().splitlines()[0]
                raise UserProblem(
                    "bad-where",
                    f"A slice must be a SQL condition on the columns; got: {each['where']} ({reason}).",
                    path=path,
                ) from error
        elif each.get("column"):
            masks.update(_by_value(table, each["column"], each.get("name"), path))
    return masks


_MOST_SLICES = 50


def _by_value(table: pl.DataFrame, column: str, name: str | None, path: str) -> dict[str, np.ndarray]:
    if column not in table.columns:
        raise UserProblem("absent-column", f"A slice must be on a column of the data; got '{column}'.", path=path)
    values = table[column].value_counts(sort=True)[column].head(_MOST_SLICES).to_list()
    return {f"{name or column}={value}": table[column].eq_missing(value).to_numpy() for value in values}
