"""Why a stage has to run: what changed since the last run of the experiment, in the words of the config."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from declml.errors import UserProblem
from declml.runs.changes import Change, plan_changes
from declml.runs.folder import Run, open_run, run_number

_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "table": ("data.", "preprocessing.sample"),
    "split": ("preprocessing.split", "trainer.seed"),
    "fit": ("data.", "preprocessing.", "trainer.seed", "input_features", "output_features"),
    "dataset": ("data.", "preprocessing.", "trainer.seed", "input_features", "output_features"),
}
_SHOWN = 3


def last_run(experiment: Path, *, before: str | None = None) -> Run | None:
    """Return the newest readable run in an experiment's folder, or the newest that is older than the run ``before``."""
    limit = run_number(before) if before else None
    folders = sorted(experiment.glob("*/record.json"), key=lambda each: run_number(each.parent.name), reverse=True)
    for record in folders:
        if limit is None or run_number(record.parent.name) < limit:
            with contextlib.suppress(UserProblem):
                return open_run(record.parent)
    return None


def said(change: Change) -> str:
    """Return a change as a person would say it: ``trainer.epochs 3 -> 5``."""
    if change.kind == "added":
        return f"{change.path} is new"
    if change.kind == "removed":
        return f"{change.path} is gone"
    return f"{change.path} {_short(change.before)} -> {_short(change.after)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


class Reasons:
    """Says why stages run, given the last run of the experiment and the plan and data of this one."""

    def __init__(self, last: Run | None, plan: Mapping[str, Any], sha256: str) -> None:
        self.last = last
        self.changes: Sequence[Change] = []
        self._data_changed = False
        if last is not None:
            with contextlib.suppress(UserProblem):
                self.changes = [each for each in plan_changes(last.plan_values, plan) if not each.implied]
            self._data_changed = (last.record.get("data") or {}).get("sha256") != sha256

    def of(self, stage: str, entry: str) -> str:
        """Return why ``stage`` was, or must be, done; ``entry`` is what the cache said: cached, absent or corrupt."""
        if entry == "cached":
            return "unchanged"
        if entry == "corrupt":
            return "its cache entry was damaged"
        if self.last is None:
            return "first run of this experiment"
        causes = [said(each) for each in self.changes if each.path.startswith(_PREFIXES.get(stage, ()))]
        if self._data_changed:
            causes.insert(0, "the data changed")
        if not causes:
            return "not in the cache"
        more = f" and {len(causes) - _SHOWN} more" if len(causes) > _SHOWN else ""
        return "; ".join(causes[:_SHOWN]) + more
