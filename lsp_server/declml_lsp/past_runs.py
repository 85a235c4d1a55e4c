"""The runs of an experiment, as an editor needs them: each record read once, their folders looked at once a second.

No file of a run is hashed here: whether a run is still what its record says is for a listing to tell, not for a hover.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from declml.errors import DeclmlError
from declml.runs.changes import Change, plan_changes, written_paths
from declml.runs.diff import overrides_of
from declml.runs.find import find
from declml.runs.folder import RECORD, Run, current_status, open_run, run_number
from declml_schema.content import content_hash

MOST_RUNS = 200
"""How many runs of an experiment are read, the newest first."""
LOOK_SECONDS = 1.0
_MOST_EXPERIMENTS = 64
_MOST_PLANS = 8
_MOST_CHANGES = 2000

Key: TypeAlias = tuple[Path, str]
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class PastRun:
    """What an editor shows of one run. ``value`` is the deciding metric on the validation split.

    ``decides`` names that metric: ``output``, ``metric``, ``goal``. ``material`` is equal for runs on the same data
    with the same plug-ins. ``key`` is another one as soon as the record is. ``living`` is what tells whether a run that
    says ``running`` still does; None for all others.
    """

    path: Path
    id: str
    experiment: str
    status: str
    key: Key
    decides: Mapping[str, str]
    metrics: Mapping[str, Any]
    identity: Mapping[str, str]
    value: float | None = None
    material: str = ""
    overrides: tuple[str, ...] = ()
    living: Mapping[str, Any] | None = None

    @property
    def number(self) -> int:
        """The count of the run among all runs of its root; 0 where the folder has another name."""
        return run_number(self.id)

    @property
    def name(self) -> str:
        """How a person calls it: ``run 12``."""
        return f"run {self.number or self.id}"

    @property
    def config(self) -> str:
        """The config as it was written; empty when the file is gone."""
        try:
            return (self.path / "config.yaml").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


class PastRuns:
    """Reads runs and remembers them. Safe to call from any thread; it reads files, so never from the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._looks: OrderedDict[Hashable, tuple[float, tuple[PastRun, ...]]] = OrderedDict()
        self._plans: OrderedDict[Key, Mapping[str, Any] | None] = OrderedDict()
        self._changes: OrderedDict[tuple[Key, Key], tuple[Change, ...] | None] = OrderedDict()

    def of(self, root: Path, experiment: str) -> tuple[PastRun, ...]:
        """Return the readable runs of an experiment, the newest first."""
        folder = root / experiment
        with self._lock:
            at, known = self._looks.get(folder, (-LOOK_SECONDS, ()))
            if self._clock() - at >= LOOK_SECONDS:
                known = _look(folder, known)
                _remember(self._looks, folder, (self._clock(), known), most=_MOST_EXPERIMENTS)
            return known

    def named(self, root: Path, name: str) -> PastRun:
        """Return the run that a person names (an id, a number, a path); a `DeclmlError` where there is none."""
        with self._lock:
            at, known = self._looks.get((root, name), (-LOOK_SECONDS, ()))
            if not known or self._clock() - at >= LOOK_SECONDS:
                run = find(root, name)
                stamp = _stamp(run.path / RECORD)
                known = known if known and known[0].key == (run.path, stamp) else (_past(run, stamp),)
                _remember(self._looks, (root, name), (self._clock(), known), most=_MOST_EXPERIMENTS)
            return known[0]

    def plan(self, run: PastRun) -> Mapping[str, Any] | None:
        """Return a run's plan as JSON data, None when it is gone or damaged."""
        with self._lock:
            if run.key not in self._plans:
                try:
                    plan = Run(run.path, {}).plan_values
                except DeclmlError:
                    plan = None
                _remember(self._plans, run.key, plan, most=_MOST_PLANS)
            self._plans.move_to_end(run.key)
            return self._plans[run.key]

    def changes(self, before: PastRun, after: PastRun) -> tuple[Change, ...] | None:
        """Return what differs between the plans of two runs, None where a plan is gone."""
        pair = (before.key, after.key)
        with self._lock:
            if pair not in self._changes:
                plans = [self.plan(run) for run in (before, after)]
                texts = [(run.config, run.overrides) for run in (before, after)]
                found = None if None in plans else changes_of(plans[0] or {}, plans[1] or {}, texts)
                _remember(self._changes, pair, found, most=_MOST_CHANGES)
            return self._changes[pair]


def changes_of(
    before: Mapping[str, Any], after: Mapping[str, Any], texts: Sequence[tuple[str, Sequence[str]]]
) -> tuple[Change, ...] | None:
    """Return what differs between two plans, None where they are of a form that is not understood.

    ``texts`` are both configs as written, with their overrides. They tell which of the changes under a swapped
    component a person wrote, and are read only where that matters.
    """
    try:
        found = plan_changes(before, after)
        if any(change.implied for change in found):
            found = plan_changes(before, after, written=[written_paths(text, told) for text, told in texts])
    except (KeyError, TypeError, AttributeError, ValueError):
        return None  # a plan of another version of declml: nothing can be said about it
    return tuple(found)


def _look(folder: Path, known: Sequence[PastRun]) -> tuple[PastRun, ...]:
    """Return the runs in an experiment's folder; those whose record is as before are not read again."""
    before = {run.key: run for run in known}
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return ()
    names.sort(key=lambda name: (run_number(name), name), reverse=True)
    answer: list[PastRun] = []
    for name in names[:MOST_RUNS]:
        path = folder / name
        stamp = _stamp(path / RECORD)
        run = before.get((path, stamp))
        if run is None and stamp:
            run = _open(path, stamp)
        if run is not None:
            answer.append(_now(run) if run.living is not None else run)
    return tuple(answer)


def _open(path: Path, stamp: str) -> PastRun | None:
    try:
        return _past(open_run(path), stamp)
    except DeclmlError:
        return None  # damaged, or of a newer version: a listing says so


def _past(run: Run, stamp: str) -> PastRun:
    record = run.record
    data, argv = record.get("data"), record.get("argv")
    material = {"data": data.get("sha256") if isinstance(data, Mapping) else None, "plugins": record.get("plugins")}
    living: dict[str, Any] | None = None
    if str(record.get("status") or "running") == "running":
        living = {name: record.get(name) for name in ("status", "process", "hardware")}
    return PastRun(
        run.path,
        run.id,
        run.experiment,
        run.status,
        (run.path, stamp),
        dict(run.decides),
        run.metrics,
        dict(record.get("identity") or {}),
        _value(run),
        content_hash(material),
        tuple(overrides_of(argv)) if isinstance(argv, list) else (),
        living,
    )


def _value(run: Run) -> float | None:
    try:
        return run.deciding_value()
    except (TypeError, ValueError, AttributeError):
        return None


def _now(run: PastRun) -> PastRun:
    """Return a run that says it runs with the status it has now: its process may be gone without a word."""
    try:
        written = (run.path / RECORD).stat().st_mtime
    except OSError:
        written = None
    status = current_status(run.living or {}, written=written)
    return run if status == run.status else replace(run, status=status)


def _stamp(path: Path) -> str:
    """Return size, time and inode of a file, an empty text where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - called once per run of an experiment
    except OSError:
        return ""
    return f"{status.st_size}.{status.st_mtime_ns}.{status.st_ino}"


def _remember(table: OrderedDict[Any, _Found], key: Hashable, value: _Found, *, most: int) -> None:
    table[key] = value
    table.move_to_end(key)
    while len(table) > most:
        table.popitem(last=False)
