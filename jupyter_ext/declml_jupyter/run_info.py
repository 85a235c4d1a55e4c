"""A run as the views know it: what its folder says of how it stands, and its curves thinned to what a line can show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from declml.errors import DeclmlError
from declml.runs.folder import Run, open_run
from declml_jupyter.digest import Event

MOST_POINTS = 60
"""How many values of a curve the size of a word are told."""
_SHORT_KINDS = frozenset({"run_started", "training_started", "training_finished", "run_finished"})


def info_of(path: Path) -> dict[str, Any]:
    """Return how the run in ``path`` stands now; one that cannot be read is told so."""
    try:
        run = open_run(path)
    except (DeclmlError, OSError):
        return {**_unknown(path), "status": "unreadable"}
    return _info(run)


def _info(run: Run) -> dict[str, Any]:
    value, seconds = run.deciding_value(), run.record.get("seconds")
    return {
        "run": run.id,
        "experiment": run.experiment,
        "path": str(run.path),
        "status": run.status,
        "created": run.created.isoformat() if run.created is not None else "",
        "decides": dict(run.decides) or None,
        "value": value if value is None or math.isfinite(value) else None,
        "metrics": run.metrics,
        "seconds": None if seconds is None else float(seconds),
        "trigger": str(run.record.get("trigger", "")),
    }


def _unknown(path: Path) -> dict[str, Any]:
    return {
        "run": path.name, "experiment": path.parent.name, "path": str(path), "created": "", "decides": None,
        "value": None, "metrics": {}, "seconds": None, "trigger": "",
    }  # fmt: skip


def short(events: Sequence[Event], decides: Mapping[str, Any] | None) -> list[Event]:
    """Return what a small curve of the deciding metric needs of a run's events, in their order."""
    kept = [each for each in events if each.get("kind") in _SHORT_KINDS]
    for split in ("training", "validation"):
        points = [each for each in events if each.get("kind") == "metrics" and each.get("split") == split]
        chosen = {round(place * (len(points) - 1) / (MOST_POINTS - 1)) for place in range(MOST_POINTS)}
        best = max((place for place, each in enumerate(points) if each.get("best")), default=None)
        kept += [
            _deciding(each, decides)
            for place, each in enumerate(points)
            if len(points) <= MOST_POINTS or place in chosen or place == best
        ]
    return sorted(kept, key=lambda each: int(each.get("seq", 0)))


def _deciding(event: Event, decides: Mapping[str, Any] | None) -> Event:
    """Return a metrics event with nothing but the value that decides."""
    if not decides:
        return event
    output, metric = str(decides.get("output")), str(decides.get("metric"))
    values = event.get("values", {}).get(output, {})
    return {**event, "values": {output: {metric: values[metric]} if metric in values else {}}}
