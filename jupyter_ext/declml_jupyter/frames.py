"""Tables of the notebook: the one that a name means, and results in the kind of table that the user works with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from declml.errors import UserProblem

if TYPE_CHECKING:
    import polars as pl


def named(name: str, namespace: Mapping[str, Any]) -> Any:
    """Return the table of the notebook that ``name`` means, else the file of that name."""
    if name.isidentifier() and name in namespace:
        return namespace[name]
    if name.isidentifier() and not Path(name).exists():
        raise UserProblem(
            "unknown-table", f"--data must name a table of this notebook or a file; got '{name}', which is neither."
        )
    return name


def like(frame: pl.DataFrame, given: Any) -> Any:
    """Return ``frame`` as the kind of table that ``given`` is: pandas with its index, Arrow, else Polars as it is."""
    kind = type(given).__module__.partition(".")[0]
    if kind == "pandas":
        pandas = sys.modules["pandas"]  # it is loaded: `given` came from there
        columns = {name: frame[name].to_list() for name in frame.columns}
        return pandas.DataFrame(columns, index=given.index if len(given) == frame.height else None)
    return frame.to_arrow() if kind == "pyarrow" else frame
