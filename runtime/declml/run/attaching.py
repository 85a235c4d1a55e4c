"""Joins a run that is at work, or tells one that has ended; stops one that somebody else started."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from declml.errors import UserProblem
from declml.kernels.local import attach, follow, interrupt
from declml.runs.folder import Run, open_run
from declml_schema.events import read_events

OnEvent: TypeAlias = Callable[[Mapping[str, Any]], None]
OnNotice: TypeAlias = Callable[[str], None]

_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Attached:
    """How a run stands after it was followed to its end, and one sentence about it."""

    run: Run
    sentence: str


def attach_run(run: Run, on_event: OnEvent, on_notice: OnNotice) -> Attached:
    """Tell every event of ``run`` from its first on, and go on until it has ended."""
    if run.record.get("remote"):
        from declml.run.remote import attach_remotely

        return Attached(attach_remotely(run, on_event, on_notice), _sentence(open_run(run.path)))
    process = run.record.get("process")
    if run.status == "running" and isinstance(process, int):
        follow(run.events, attach(process, folder=run.path), on_event)
    elif run.events.exists():
        for _, event in read_events(run.events):
            on_event(event)
    again = open_run(run.path)
    return Attached(again, _sentence(again))


def stop_run(run: Run, *, now: bool, on_notice: OnNotice) -> Run:
    """Stop a run that is at work, after a checkpoint or ``now``, wait until it has ended and return it."""
    if run.status != "running":
        raise UserProblem("run-not-running", f"A run to stop must be running; got {run.id}, which is {run.status}.")
    if run.record.get("remote"):
        # Its record here may not name the process yet: the other side knows.
        from declml.run.remote import stop_remotely

        return stop_remotely(run, now=now, on_notice=on_notice)
    process = run.record.get("process")
    if not isinstance(process, int):
        raise UserProblem("run-not-running", f"A run to stop must have a process; {run.id} has none yet.")
    interrupt(process, again=now)
    deadline = time.monotonic() + _STOP_SECONDS
    while (stopped := open_run(run.path)).status == "running":
        if time.monotonic() > deadline:
            on_notice(f"It is still busy after {_STOP_SECONDS:.0f} s. `declml stop {run.id} --now` ends it at once.")
            break
        time.sleep(_LOOK_SECONDS)
    return stopped


def _sentence(run: Run) -> str:
    problem: Mapping[str, Any] = run.record.get("problem") or {}
    how = {
        "failed": f"failed. {problem.get('message', '')}".strip(),
        "interrupted": f"never began. {problem['message']}" if problem else "was interrupted; its checkpoint is kept.",
        "killed": "was killed before it could say how it ended: most often memory ran out.",
        "running": "is still running.",
    }.get(run.status, f"is {run.status}.")
    resume = run.status in {"interrupted", "killed"}
    return f"Run {run.id} {how}" + (f" Go on with: declml train CONFIG --resume {run.id}" if resume else "")
