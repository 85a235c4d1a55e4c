"""A source that is a mapping: a query with its database, or files for each side, and never half of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from declml_schema.inspection import Inspection, Reading, start_of
from declml_schema.problems import Severity

_SIDES = ("training", "validation", "test")
_QUERY = ("database", "query")


def check_source(inspection: Inspection, data: Reading, preprocessing: Reading) -> None:
    """Tell what is missing in ``data.source``, and what a source that gives each side leaves without effect."""
    source = data.given.get("source")
    if not isinstance(source, Mapping):
        return
    _check_parts(inspection, data, {name: value for name, value in source.items() if value is not None})
    if source.get("training") is not None and "split" in preprocessing.places:
        key, _ = preprocessing.places["split"]
        inspection.add(
            "ignored-parameter",
            "split acts only while the source does not give files for each side; it does, so the split does nothing.",
            key.span,
            "preprocessing.split",
            severity=Severity.WARNING,
        )


def _check_parts(inspection: Inspection, data: Reading, given: Mapping[str, Any]) -> None:
    sides = [name for name in _SIDES if name in given]
    asks = [name for name in _QUERY if name in given]
    if sides and asks:
        code, message = "exclusive", f"Only one of {asks[0]} and {sides[0]} must be given; got both."
    elif len(asks) == 1:
        lacks = next(name for name in _QUERY if name not in given)
        code, message = "missing-key", f"A source with '{asks[0]}' must have '{lacks}'."
    elif not asks and "training" not in given:
        code = "missing-key"
        message = "A source must have 'training', or 'database' and 'query'."
    else:
        return
    _, node = data.places["source"]
    inspection.add(code, message, start_of(node), "data.source")
