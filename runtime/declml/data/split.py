"""Which row is on which side: computed by a split's function, stored by content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from declml.contracts import Split
from declml.data.cache import Cache
from declml.data.table import Table
from declml_schema.content import content_hash

SIDES = ("training", "validation", "test")
"""The names of the sides 0, 1 and 2."""


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
        sides = np.asarray(assign(table.frame, seed=seed, **parameters), dtype=np.uint8)
        if sides.shape != (table.rows,) or (sides.size and int(sides.max()) >= len(SIDES)):
            raise ValueError(
                f"the split {name!r} must return one of 0, 1 and 2 for each of {table.rows} rows; got {sides.shape}"
            )
        np.save(folder / "sides.npy", sides)
        counts = np.bincount(sides, minlength=len(SIDES))
        return {"counts": {side: int(count) for side, count in zip(SIDES, counts, strict=True)}}

    entry = cache.get_or_put("split", key, write)
    sides = np.load(entry.path / "sides.npy", mmap_mode="r")
    return Sides(key=key, sides=sides, counts=entry.facts["counts"], cached=entry.cached, reason=entry.reason)
