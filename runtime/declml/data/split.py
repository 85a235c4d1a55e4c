"""Which row is on which side: computed by a split's function, stored by content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Split
from declml.data.cache import Cache, Entry
from declml.data.obtain import SIDES
from declml.data.table import Table
from declml_schema.content import content_hash


@dataclass(frozen=True, slots=True)
class Sides:
    """The side of each row: ``sides`` is ``(row,)`` uint8, ``counts`` the rows by name of the side."""

    key: str
    sides: np.ndarray
    counts: Mapping[str, int]
    cached: bool
    reason: str

    def rows(self, name: str) -> np.ndarray:
        """Return the row indices of a side, ``(row,)`` int64, in the order of the table."""
        return np.flatnonzero(self.sides == SIDES.index(name))


def load_split(
    cache: Cache,
    table: Table,
    *,
    name: str,
    assign: Split,
    parameters: Mapping[str, Any],
    seed: int,
    version: int | str = 1,
) -> Sides:
    """Return the sides that the split ``name`` gives the rows of ``table``, computed once for all that decides them.

    ``assign`` is the component's function, ``version`` its version, or the hash of a plug-in's source.
    """
    key = content_hash(
        {"table": table.key, "split": name, "version": version, "parameters": dict(parameters), "seed": seed}
    )

    def write(folder: Path) -> dict[str, Any]:
        sides = np.asarray(assign(_shown(table, parameters, version), seed=seed, **parameters), dtype=np.uint8)
        if sides.shape != (table.rows,) or (sides.size and int(sides.max()) >= len(SIDES)):
            raise ValueError(
                f"the split {name!r} must return one of 0, 1 and 2 for each of {table.rows} rows; got {sides.shape}"
            )
        np.save(folder / "sides.npy", sides)
        return _counted(sides)

    return _as_sides(key, cache.get_or_put("split", key, write))


def _shown(table: Table, parameters: Mapping[str, Any], version: int | str) -> pl.DataFrame:
    """Return what a split sees of a table: of a large one only the columns that its parameters name.

    A plug-in, whose version is a hash, may look at any column, and so does a split whose column is not there.
    """
    if not table.is_large or isinstance(version, str):
        return table.frame
    texts = [each for value in parameters.values() for each in (value if isinstance(value, list) else [value])]
    named = [each for each in texts if isinstance(each, str)]
    if any(each not in table.columns for each in named):
        return table.frame.head(0)
    return table.select(list(dict.fromkeys(named)) or table.columns[:1])


def given_sides(cache: Cache, table: Table) -> Sides:
    """Return the sides of a table whose files are each of one side."""
    key = content_hash({"table": table.key, "split": "files"})

    def write(folder: Path) -> dict[str, Any]:
        sides = table.given_sides()
        np.save(folder / "sides.npy", sides)
        return _counted(sides)

    return _as_sides(key, cache.get_or_put("split", key, write))


def _counted(sides: np.ndarray) -> dict[str, Any]:
    counts = np.bincount(sides, minlength=len(SIDES))
    return {"counts": {side: int(count) for side, count in zip(SIDES, counts, strict=True)}}


def _as_sides(key: str, entry: Entry) -> Sides:
    sides = np.load(entry.path / "sides.npy", mmap_mode="r")
    return Sides(key=key, sides=sides, counts=entry.facts["counts"], cached=entry.cached, reason=entry.reason)
