"""What stands between the values of a delimited file, and how a table shows that it was another sign than assumed."""

from __future__ import annotations

import json
from collections.abc import Sequence

_INSTEAD_OF_COMMAS = (";", "\t", "|")


def separator_in(columns: Sequence[str], signs: Sequence[str] = _INSTEAD_OF_COMMAS) -> str | None:
    """Return which of ``signs`` seems to separate the values of a file that gave one column, whose name has it."""
    return next((each for each in signs if each in columns[0]), None) if len(columns) == 1 else None


def separator_key(separator: str) -> str:
    """Return what a config's ``data`` says about that separator."""
    return f"separator: {json.dumps(separator)}"


def separator_hint(columns: Sequence[str]) -> str:
    """Return what to say to somebody who misses a column of a table that was not cut into columns; '' otherwise."""
    separator = separator_in(columns, (*_INSTEAD_OF_COMMAS, ","))
    if separator is None:
        return ""
    name = columns[0] if len(columns[0]) <= 60 else f"{columns[0][:57]}..."
    return (
        f"The header was read as one column, {name!r}: its names seem to be separated by {json.dumps(separator)}."
        f" Set it in the data section: `{separator_key(separator)}`."
    )
