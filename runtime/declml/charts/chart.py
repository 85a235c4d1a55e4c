"""What a picture shows, as data: lines and points over two axes, or a grid of counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Marks: TypeAlias = Literal["line", "points", "line-and-points"]


@dataclass(frozen=True, slots=True)
class Series:
    """One line or cloud: its name in the legend and its points; ``extra`` has further values of each point by name.

    Coordinates that are not finite break a line. ``note`` stands behind the name, such as the area under a curve.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    marks: Marks = "line"
    note: str = ""
    extra: tuple[tuple[str, Sequence[float]], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; a coordinate that is not finite is null."""
        lists = (("x", self.x), ("y", self.y), *self.extra)
        points = {name: [each if math.isfinite(each) else None for each in values] for name, values in lists}
        return {"name": self.name, "note": self.note, **points}


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over two axes. ``kind`` and ``name`` make the name of its file; ``description`` is for who cannot see it.

    ``guide`` is a faint line for comparison, by its two ends. A range of None is that of the points.
    """

    kind: str
    name: str
    title: str
    description: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    guide: tuple[tuple[float, float], tuple[float, float]] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        told = {"kind": self.kind, "title": self.title, "description": self.description}
        axes = {"x_label": self.x_label, "y_label": self.y_label}
        return {**told, **axes, "series": [each.as_json() for each in self.series]}


@dataclass(frozen=True, slots=True)
class Grid:
    """Counts of rows and columns that have the same names: ``counts[i][j]`` are of row ``i`` and column ``j``."""

    kind: str
    name: str
    title: str
    description: str
    x_label: str
    y_label: str
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        told = asdict(self)
        del told["name"]
        return told


Picture: TypeAlias = Chart | Grid
