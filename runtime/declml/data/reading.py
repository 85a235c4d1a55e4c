"""How files become a table, and which part of it is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

SIDE = "\x1fside"
"""The column of a stored table with the side of each row's file; no user sees it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How files become a table, and which part of it is wanted.

    The order is: ``where`` (a SQL condition on a row), then ``sample`` (an integer is a number of rows, a fraction
    from 0 to 1 a share of them, drawn with ``seed``, kept in their order), then ``limit`` (the first rows), then
    ``columns``, which come in the order of the files. ``as_text`` are columns of a delimited file whose values are
    text whatever they look like, as where training met ``True`` or ``007`` among words. ``sides`` is the side of each
    file, 0 training, 1 validation, 2 test, where the source gives files for each: its rows go along in `SIDE`.
    """

    format: str | None = None
    separator: str | None = None
    null_values: tuple[str, ...] | None = None
    encoding: str | None = None
    columns: tuple[str, ...] | None = None
    where: str | None = None
    limit: int | None = None
    sample: float | int | None = None
    seed: int = 0
    as_text: tuple[str, ...] = ()
    bad_rows: Literal["error", "skip"] = "error"
    sides: tuple[int, ...] | None = None

    @staticmethod
    def from_values(values: Mapping[str, Any], *, seed: int = 0) -> Reading:
        """Return the reading that a plan's data section asks for; its other keys are left aside."""
        null_values = values.get("null_values")
        columns = values.get("columns")
        return Reading(
            format=values.get("format"),
            separator=values.get("separator"),
            null_values=_as_tuple(null_values),
            encoding=values.get("encoding"),
            columns=_as_tuple(columns),
            where=values.get("where"),
            limit=values.get("limit"),
            sample=values.get("sample"),
            seed=values.get("seed", seed) if values.get("seed") is not None else seed,
            bad_rows=values.get("bad_rows") or "error",
        )


def _as_tuple(value: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)
