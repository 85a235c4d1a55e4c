"""What became of a config before: its runs, what it is compared with, and what differs from that.

Knows runs and git, and nothing of how a difference is shown.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from declml.runs.changes import Change, feature_path
from declml.runs.diff import text_changes
from declml_lsp.facts import Facts
from declml_lsp.git_head import Committed, GitHead
from declml_lsp.levels import Level, Step
from declml_lsp.past_runs import PastRun, PastRuns, changes_of
from declml_lsp.settings import Settings
from declml_lsp.snapshot import Snapshot
from declml_schema.check import CheckResult, check
from declml_schema.plan import NOT_IN_IDENTITY

LAST, HEAD = "last", "head"
_MOST_COMPARISONS = 16
_FEATURES = ("input_features", "output_features")


class Project(Protocol):
    """What a session knows of a config besides its text."""

    @property
    def facts(self) -> Facts:
        """What the runtime knows."""
        ...

    def settings(self, snapshot: Snapshot | None = None) -> Settings:
        """Return the settings in force."""
        ...

    def checked(self, snapshot: Snapshot) -> CheckResult:
        """Return what the checker says."""
        ...

    def runs_root(self, snapshot: Snapshot | None = None) -> Path:
        """Return the folder of all runs."""
        ...

    def experiment(self, snapshot: Snapshot) -> str:
        """Return the name under which the config's runs are kept."""
        ...


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a config is compared with: a run, or what git has at HEAD."""

    source: PastRun | Committed

    @property
    def name(self) -> str:
        """How a person calls it: ``run 12``."""
        return self.source.name

    @property
    def run(self) -> PastRun | None:
        """The run, None for git HEAD."""
        return self.source if isinstance(self.source, PastRun) else None

    @property
    def key(self) -> Hashable:
        """What tells this baseline from any other."""
        return self.source.key if isinstance(self.source, PastRun) else self.source.commit

    @property
    def text(self) -> str:
        """The config as it was written."""
        return self.source.config if isinstance(self.source, PastRun) else self.source.text


@dataclass(frozen=True)
class Comparison:
    """What differs from a baseline. ``as_written`` says that the texts were compared, since this one has errors."""

    baseline: Baseline
    changes: tuple[Change, ...]
    as_written: bool = False

    @cached_property
    def by_path(self) -> Mapping[str, Change]:
        """The changes by config path, features by their names."""
        return {change.path: change for change in self.changes}

    @cached_property
    def told(self) -> tuple[Change, ...]:
        """What a person changed: without what came or went with a component that was swapped."""
        return tuple(change for change in self.changes if not change.implied)

    def under(self, path: str) -> list[Change]:
        """Return what was changed inside the block at a path."""
        return [change for change in self.told if change.path.startswith((f"{path}.", f"{path}["))]


class History:
    """The past of the configs of one session. Reads files: never to be asked from the event loop."""

    def __init__(self, runs: PastRuns | None = None, head: GitHead | None = None) -> None:
        self.past = runs or PastRuns()
        self._head = head or GitHead()
        self._lock = threading.Lock()
        self._is_reading = False
        self._compared: OrderedDict[Hashable, tuple[CheckResult, Comparison | None]] = OrderedDict()
        self._committed: OrderedDict[Hashable, tuple[Committed, CheckResult]] = OrderedDict()

    def runs(self, project: Project, snapshot: Snapshot) -> Sequence[PastRun]:
        """Return the runs of a config's experiment, the newest first."""
        return self.past.of(project.runs_root(snapshot), project.experiment(snapshot))

    def last(self, project: Project, snapshot: Snapshot) -> PastRun | None:
        """Return the newest run that was trained to its end."""
        return next((run for run in self.runs(project, snapshot) if run.status == "finished"), None)

    def resumable(self, project: Project, snapshot: Snapshot) -> PastRun | None:
        """Return the newest run if it was interrupted and this config can go on with it."""
        newest = next(iter(self.runs(project, snapshot)), None)
        if newest is None or newest.status not in ("interrupted", "killed"):
            return None
        found = self.against(project, snapshot, Baseline(newest))
        if found is None or found.as_written:
            return None
        acting = [each for each in found.changes if each.path.partition(".")[0] not in NOT_IN_IDENTITY]
        return None if acting else newest

    def baseline(self, project: Project, snapshot: Snapshot, which: str = "") -> Baseline | None:
        """Return what to compare a config with: ``which``, else what the settings say; None before the first run.

        A `DeclmlError` says why a run or commit that was asked for is not there.
        """
        which = which or project.settings(snapshot).compare
        if which == HEAD:
            return Baseline(self._head.file(snapshot.path)) if snapshot.path and not snapshot.is_cell else None
        if which != LAST:
            return Baseline(self.past.named(project.runs_root(snapshot), which))
        last = self.last(project, snapshot)
        return Baseline(last) if last is not None else None

    def compare(self, project: Project, snapshot: Snapshot, which: str = "") -> Comparison | None:
        """Return what differs from the baseline, None where there is none or it tells nothing. Errors as there."""
        baseline = self.baseline(project, snapshot, which)
        return self.against(project, snapshot, baseline) if baseline is not None else None

    def against(self, project: Project, snapshot: Snapshot, baseline: Baseline) -> Comparison | None:
        """Return what differs from one baseline, None where it tells nothing."""
        result = project.checked(snapshot)
        key = (snapshot.uri, baseline.key)
        with self._lock:
            known = self._compared.get(key)
        if known is not None and known[0] is result:
            return known[1]
        found = self._compare(project, snapshot, baseline, result)
        with self._lock:
            _keep(self._compared, key, (result, found))
        return found

    def read_on(self, workers: Executor, runs: Sequence[PastRun], baseline: PastRun) -> None:
        """Read in another thread what differs from a run to others, so that it is known when it is asked for again."""

        def read() -> None:
            try:
                for run in runs:
                    self.past.changes(baseline, run)
            finally:
                self._is_reading = False

        with self._lock:
            if self._is_reading:
                return
            self._is_reading = True
        try:
            workers.submit(read)
        except RuntimeError:
            self._is_reading = False  # the session is over

    def comparison(self, project: Project, snapshot: Snapshot, before: str = "") -> dict[str, Any]:
        """Return what differs between a run and the config as typed, as JSON data in the form of `RunDiff.as_json`.

        ``before`` names the run; without it, the settings do. A `DeclmlError` where there is no such run.
        """
        found = self.compare(project, snapshot, before)
        answer: dict[str, Any] = {"a": "", "b": "", "text": [], "config": [], "metrics": [], "against": ""}
        if found is None:
            return answer
        run = found.baseline.run
        answer["a"] = run.id if run is not None else HEAD
        answer["against"] = found.baseline.name
        answer["as_written"] = found.as_written
        answer["text"] = text_changes(found.baseline.text, snapshot.config)
        answer["config"] = [change.as_json() for change in found.changes]
        answer["result"] = run.metrics if run is not None else {}
        return answer

    def _compare(
        self, project: Project, snapshot: Snapshot, baseline: Baseline, result: CheckResult
    ) -> Comparison | None:
        before, written = self._before(project, snapshot, baseline)
        texts = [(baseline.text, baseline.run.overrides if baseline.run else ()), (snapshot.config, ())]
        if result.plan is not None and before is not None:
            changes = changes_of(before, plain(result.plan), texts)
            return Comparison(baseline, changes) if changes is not None else None
        now, then = result.data, written.data if written is not None else self._check(project, snapshot, baseline).data
        if not now or not then:
            return None
        changes = changes_of(then, now, texts)
        return Comparison(baseline, changes, as_written=True) if changes is not None else None

    def _before(
        self, project: Project, snapshot: Snapshot, baseline: Baseline
    ) -> tuple[Mapping[str, Any] | None, CheckResult | None]:
        """Return the baseline's plan, where it has one, and what the checker says of its text, where it was asked."""
        source = baseline.source
        if isinstance(source, PastRun):
            return self.past.plan(source), None
        with self._lock:
            known = self._committed.get(snapshot.uri)
        checked = known[1] if known is not None and known[0] == source else self._check(project, snapshot, baseline)
        with self._lock:
            _keep(self._committed, snapshot.uri, (source, checked))
        return (plain(checked.plan) if checked.plan is not None else None), checked

    def _check(self, project: Project, snapshot: Snapshot, baseline: Baseline) -> CheckResult:
        return check(baseline.text, vocabulary=project.facts.words(snapshot))


def config_path(levels: Sequence[Level], step: Step) -> str:
    """Return the path of an entry as a comparison names it: features by their names, a plain list as a whole."""
    answer, kind = "", ""
    for index, level in enumerate(levels):
        inner = levels[index + 1] if index + 1 < len(levels) else None
        here = inner.step if inner is not None else step
        if not level.is_list:
            kind = str(here)
            answer = f"{answer}.{kind}" if answer else kind
        elif kind in _FEATURES:
            name = inner.scalars.get("name") if inner is not None else None
            answer = feature_path(kind, name if name is not None else str(here))
        else:
            break
    return answer


def plain(value: Any) -> Any:
    """Return a plan as JSON data without copying its values: `Plan.as_json` takes ten times as long."""
    names = getattr(value, "__dataclass_fields__", None)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def _keep(table: OrderedDict[Hashable, Any], key: Hashable, value: Any) -> None:
    table[key] = value
    table.move_to_end(key)
    while len(table) > _MOST_COMPARISONS:
        table.popitem(last=False)
