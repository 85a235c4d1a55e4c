"""What became of the runs that differ in one key: their deciding metric beside the value of that key."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from declml.runs.changes import Change
from declml_lsp.past_runs import PastRun

MOST_RUNS = 50
READ_SECONDS = 0.25
"""How long plans that were never read may be read for one hover; the next one goes on."""

ChangesOf = Callable[[PastRun], Sequence[Change] | None]


@dataclass(frozen=True, slots=True)
class Group:
    """Runs with one value of the key: the mean of their metric, and how many they are."""

    value: Any
    mean: float
    runs: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The runs of an experiment beside a baseline, by the value of one key. ``before`` has the baseline's value.

    ``only`` differ from the baseline in that key alone, on the same data; ``among`` differ elsewhere as well.
    ``complete`` is false while more runs are to be read.
    """

    metric: str
    goal: str
    only_before: Group
    only: Sequence[Group]
    among_before: Group | None
    among: Sequence[Group]
    complete: bool = True


def outcomes(
    runs: Sequence[PastRun],
    baseline: PastRun,
    path: str,
    changes_of: ChangesOf,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Outcomes | None:
    """Return what the finished runs with the baseline's metric tell about the key at ``path``; None where they cannot.

    ``changes_of`` gives what differs from the baseline to a run.
    """
    if baseline.value is None or not math.isfinite(baseline.value) or not baseline.decides:
        return None
    only: dict[str, list[tuple[Any, float]]] = {}
    among: dict[str, list[tuple[Any, float]]] = {}
    only_before, among_before = [baseline.value], list[float]()
    started, complete = clock(), True
    for run in comparable(runs, baseline):
        if clock() - started > READ_SECONDS:
            complete = False
            break
        changes = changes_of(run)
        value = run.value
        if changes is None or value is None:
            continue
        told = {change.path: change for change in changes if not change.implied}
        alone = run.material == baseline.material and told.keys() <= {path}
        if path in told:
            after = told[path].after
            (only if alone else among).setdefault(json.dumps(after), []).append((after, value))
        else:
            (only_before if alone else among_before).append(value)
    return Outcomes(
        str(baseline.decides.get("metric", "")),
        str(baseline.decides.get("goal", "")),
        Group(None, _mean(only_before), len(only_before)),
        _groups(only),
        Group(None, _mean([*only_before, *among_before]), len(only_before) + len(among_before)),
        _groups(among),
        complete,
    )


def comparable(runs: Sequence[PastRun], baseline: PastRun) -> list[PastRun]:
    """Return the newest finished runs that the same metric decided, without the baseline."""
    found = [
        run
        for run in runs
        if run.status == "finished"
        and run.path != baseline.path
        and run.decides == baseline.decides
        and run.value is not None
        and math.isfinite(run.value)
    ]
    return found[:MOST_RUNS]


def _groups(values: Mapping[str, Sequence[tuple[Any, float]]]) -> list[Group]:
    return [Group(each[0][0], _mean([value for _, value in each]), len(each)) for each in values.values()]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
