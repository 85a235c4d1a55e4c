"""What an event stream says, in order and without what a resume made void: curves, stages, log lines, the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from declml_schema.events import number, read_events


@dataclass(frozen=True, slots=True)
class Point:
    """A metric's value after ``step`` optimizer steps, in epoch ``epoch`` (from 1)."""

    step: int
    epoch: int
    value: float


@dataclass(frozen=True, slots=True)
class StepPoint:
    """Progress inside an epoch. ``eta_seconds`` is None where no end is known."""

    step: int
    epoch: int
    loss: float
    learning_rate: float
    steps_per_second: float
    eta_seconds: float | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the chain in the latest process. ``cached`` and ``seconds`` are None until it is finished."""

    name: str
    label: str
    cached: bool | None = None
    reason: str = ""
    seconds: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Log:
    """A line for a person; ``level`` is debug, info, warning or error."""

    level: str
    message: str


@dataclass(slots=True)
class History:
    """All that a run has said so far that still counts. `history` makes it; `take` goes on with one more event.

    ``metrics`` maps (split, output, metric) to its points; ``evaluations`` maps a split to its final ``evaluation``
    event.
    """

    metrics: dict[tuple[str, str, str], list[Point]] = field(default_factory=dict[tuple[str, str, str], list[Point]])
    steps: list[StepPoint] = field(default_factory=list[StepPoint])
    stages: dict[str, Stage] = field(default_factory=dict[str, Stage])
    logs: list[Log] = field(default_factory=list[Log])
    problems: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    evaluations: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    checkpoints: list[tuple[int, bool]] = field(default_factory=list[tuple[int, bool]])
    training: Mapping[str, Any] = field(default_factory=dict[str, Any])
    finished: Mapping[str, Any] | None = None
    training_finished: Mapping[str, Any] | None = None
    starts: int = 0
    offset: int = 0

    def points(self, split: str, output: str, metric: str) -> list[Point]:
        """Return the curve of one metric; empty when there is none."""
        return self.metrics.get((split, output, metric), [])

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one more event; an unknown kind, or a known one that lacks a field, changes nothing."""
        act = _ACTS.get(str(event.get("kind")))
        if act is None:
            return
        try:
            act(self, event)
        except (KeyError, TypeError, ValueError):
            return


def history(events: Path) -> History:
    """Return what ``events.jsonl`` says; empty while the file does not exist."""
    answer = History()
    if events.exists():
        for offset, event in read_events(events):
            answer.take(event)
            answer.offset = offset
    return answer


def _run_started(it: History, event: Mapping[str, Any]) -> None:
    # A later process goes on from a checkpoint: what was said of steps after it did not happen. Without a checkpoint it
    # begins again, and nothing that was said of steps happened.
    last = event.get("resumed_from_step")
    last = -1 if last is None else int(last)
    for key, points in list(it.metrics.items()):
        kept = [each for each in points if each.step <= last]
        if kept:
            it.metrics[key] = kept
        else:
            del it.metrics[key]
    it.steps = [each for each in it.steps if each.step <= last]
    it.checkpoints = [each for each in it.checkpoints if each[0] <= last]
    it.stages.clear()
    it.evaluations.clear()
    it.problems.clear()
    it.finished = it.training_finished = None
    it.starts += 1


def _stage_started(it: History, event: Mapping[str, Any]) -> None:
    it.stages[event["stage"]] = Stage(event["stage"], str(event.get("label", "")))


def _stage_finished(it: History, event: Mapping[str, Any]) -> None:
    name = event["stage"]
    before = it.stages.get(name)
    it.stages[name] = Stage(
        name,
        before.label if before else "",
        bool(event["cached"]),
        str(event.get("reason", "")),
        float(event["seconds"]),
        event.get("facts") or {},
    )


def _step(it: History, event: Mapping[str, Any]) -> None:
    eta = event.get("eta_seconds")
    it.steps.append(
        StepPoint(
            int(event["step"]),
            int(event["epoch"]),
            number(event["loss"]),
            number(event["learning_rate"]),
            number(event["steps_per_second"]),
            None if eta is None else number(eta),
        )
    )


def _metrics(it: History, event: Mapping[str, Any]) -> None:
    split, step, epoch = str(event["split"]), int(event["step"]), int(event["epoch"])
    for output, values in event["values"].items():
        for metric, value in values.items():
            it.metrics.setdefault((split, output, metric), []).append(Point(step, epoch, number(value)))


def _training_started(it: History, event: Mapping[str, Any]) -> None:
    it.training = event


def _training_finished(it: History, event: Mapping[str, Any]) -> None:
    it.training_finished = event


def _checkpoint(it: History, event: Mapping[str, Any]) -> None:
    it.checkpoints.append((int(event["step"]), bool(event.get("best"))))


def _evaluation(it: History, event: Mapping[str, Any]) -> None:
    it.evaluations[str(event["split"])] = event


def _log(it: History, event: Mapping[str, Any]) -> None:
    it.logs.append(Log(str(event["level"]), str(event["message"])))


def _problem(it: History, event: Mapping[str, Any]) -> None:
    it.problems.append(event["problem"])


def _run_finished(it: History, event: Mapping[str, Any]) -> None:
    it.finished = event


_ACTS = {
    "run_started": _run_started,
    "stage_started": _stage_started,
    "stage_finished": _stage_finished,
    "training_started": _training_started,
    "training_finished": _training_finished,
    "step": _step,
    "metrics": _metrics,
    "checkpoint": _checkpoint,
    "evaluation": _evaluation,
    "log": _log,
    "problem": _problem,
    "run_finished": _run_finished,
}
