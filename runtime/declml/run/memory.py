"""How much memory the data of a run may take, and which columns have to be read when not all can be."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from declml.data.table import Table
from declml_schema.plan import Plan

_MEGABYTE = 1_000_000


def most_bytes(plan: Plan) -> int | None:
    """Return ``data.memory_limit`` in bytes, None where there is none."""
    limit = plan.data.get("memory_limit")
    return None if limit is None else int(limit) * _MEGABYTE


def evaluated_columns(plan: Plan, table: Table) -> pl.DataFrame:
    """Return what an evaluation reads of a table: all of it, or of a large one the targets and the slices' columns."""
    if not table.is_large:
        return table.frame
    wanted = [output.column for output in plan.outputs]
    for each in plan.evaluation.get("slices") or []:
        if each.get("where"):
            wanted += pl.sql_expr(each["where"]).meta.root_names()
        elif each.get("column"):
            wanted.append(each["column"])
    return table.select(_present(wanted, table))


def _present(names: Sequence[str], table: Table) -> list[str]:
    return [name for name in table.columns if name in names]
