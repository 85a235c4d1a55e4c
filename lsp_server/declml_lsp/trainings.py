"""The trainings that this client asked for: a child process each, whose events are read line by line.

The child is ``declml train --json``; it follows a training process of its own, which outlives both it and the server.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from declml_schema.document import parse
from declml_schema.places import span_of
from declml_schema.problems import Problem, Severity
from declml_schema.tree import Node

LONGEST_LINE = 2**24
_TAIL_LINES = 12
_ENDED = ("finished", "failed", "interrupted", "killed")
_OUT_OF_SIGHT = "reconnecting"
"""The notice with which `declml train` says that the line to the run's machine is broken, and this status."""

Event: TypeAlias = Mapping[str, Any]


@dataclass
class Training:
    """One training as far as its events tell.

    ``status`` is ``starting``, ``running``, ``stopping``, ``reconnecting`` (its machine is out of sight, and it goes on
    there), or one of those it ends with: ``finished``, ``failed``, ``interrupted``, ``killed``. ``value`` is the
    deciding metric on the validation split, ``best`` the best so far.
    ``lines`` is the config that was trained.
    """

    uri: str
    lines: Sequence[str]
    status: str = "starting"
    run: str = ""
    experiment: str = ""
    path: str = ""
    stage: str = ""
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    total_steps: int = 0
    output: str = ""
    metric: str = ""
    goal: str = ""
    value: float | None = None
    best: float | None = None
    reused: bool = False
    message: str = ""
    problems: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    result: Event | None = None
    stops: int = 0
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @cached_property
    def root(self) -> Node | None:
        """The tree of the config that was trained; looked at when it has failed."""
        return parse("\n".join(self.lines)).root

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.status in _ENDED

    @property
    def share(self) -> float | None:
        """How much of the training is done, from 0 to 1; None before it is known."""
        return min(1.0, self.step / self.total_steps) if self.total_steps else None

    def as_json(self) -> dict[str, Any]:
        """Return what a client may show."""
        names = ("uri", "status", "run", "experiment", "path", "stage", "epoch", "epochs", "step", "total_steps")
        more = ("output", "metric", "goal", "value", "best", "reused", "message")
        return {name: getattr(self, name) for name in (*names, *more)}

    def take(self, event: Event) -> None:
        """Learn from one event."""
        if self.status == _OUT_OF_SIGHT and event.get("kind") == "notice":
            self.status = "running"  # that of a line that is there again; an event may have come before it broke
        reader = _READERS.get(event.get("kind", ""))
        if reader is not None:
            reader(self, event)

    def sentence(self) -> str:
        """Return where it stands in a few words: ``epoch 3/40 · accuracy 0.843``."""
        if not self.epoch:
            return self.stage or self.status
        parts = [f"epoch {self.epoch}/{self.epochs}" if self.epochs else f"epoch {self.epoch}"]
        if self.value is not None:
            parts.append(f"{self.metric} {self.value:.4g}")
        return " · ".join(parts)


def _started(training: Training, event: Event) -> None:
    training.status, training.run = "running", str(event.get("run", ""))
    training.experiment = str(event.get("experiment", ""))


def _stage(training: Training, event: Event) -> None:
    training.stage = str(event.get("label") or event.get("stage", ""))


def _training_started(training: Training, event: Event) -> None:
    training.epochs, training.total_steps = int(event.get("epochs", 0)), int(event.get("total_steps", 0))
    decides = event.get("decides") or {}
    training.output, training.metric, training.goal = (
        str(decides.get(key, "")) for key in ("output", "metric", "goal")
    )


def _step(training: Training, event: Event) -> None:
    training.epoch, training.step = int(event.get("epoch", 0)), int(event.get("step", 0))


def _metrics(training: Training, event: Event) -> None:
    _step(training, event)
    value = ((event.get("values") or {}).get(training.output) or {}).get(training.metric)
    if event.get("split") == "validation" and value is not None:
        training.value = float(value)
        if event.get("best") or training.best is None:
            training.best = training.value


def _problem(training: Training, event: Event) -> None:
    training.problems.append(event.get("problem") or {})


def _finished(training: Training, event: Event) -> None:
    training.message = str(event.get("message", ""))


def _notice(training: Training, event: Event) -> None:
    if training.status == "running" and event.get("message") == _OUT_OF_SIGHT:
        training.status = _OUT_OF_SIGHT


def _result(training: Training, event: Event) -> None:
    training.result = event
    training.run, training.path = str(event.get("run", "")), str(event.get("path", ""))
    training.reused = bool(event.get("reused"))
    training.experiment = str(event.get("experiment", ""))
    training.status = str(event.get("status", "finished"))


_READERS: Mapping[str, Callable[[Training, Event], None]] = {
    "run_started": _started,
    "stage_started": _stage,
    "training_started": _training_started,
    "step": _step,
    "metrics": _metrics,
    "problem": _problem,
    "run_finished": _finished,
    "notice": _notice,
    "result": _result,
}


class Trainings:
    """The newest training of each document."""

    def __init__(self) -> None:
        self._newest: dict[str, Training] = {}

    def get(self, uri: str) -> Training | None:
        """Return the newest training of a document, also after its end."""
        return self._newest.get(uri)

    def running(self) -> list[Training]:
        """Return those that are not over."""
        return [each for each in self._newest.values() if not each.ended]

    async def start(self, training: Training, command: Sequence[str], *, folder: Path) -> None:
        """Start the child of a training and return at once; `OSError` when it cannot be started."""
        training.process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,  # a Ctrl-C in the terminal of an editor is not meant for a training
        )
        self._newest[training.uri] = training

    async def follow(self, training: Training, on_event: Callable[[Event], None]) -> None:
        """Tell every event of a started training until it is over."""
        process = training.process
        if process is None or process.stdout is None or process.stderr is None:
            raise ValueError("a training must be started before it is followed")
        tail = asyncio.ensure_future(_tail(process.stderr))
        async for line in process.stdout:
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    training.take(event)
                    on_event(event)
        code = await process.wait()
        said = await tail
        if not training.ended:
            training.status = "failed" if code > 0 else "killed" if code else "finished"
            training.message = training.message or _why(training.problems) or said

    def stop(self, uri: str) -> bool:
        """Ask a training to stop after a checkpoint, asked again: at once. Return whether there was one to stop."""
        training = self._newest.get(uri)
        if training is None or training.ended or training.process is None:
            return False
        training.stops += 1
        training.status = "stopping"
        with suppress(ProcessLookupError):
            # `declml train` passes it on: the first asks for a checkpoint, the second ends the run at once.
            training.process.send_signal(signal.SIGINT)
        return True

    def failures(self, uri: str, root: Node | None, lines: Sequence[str]) -> list[Problem]:
        """Return what made a document's last training fail, each at its place in the present text.

        A problem goes as soon as the line that caused it is another one, or what it names is no longer there.
        """
        training = self._newest.get(uri)
        if training is None or training.status != "failed":
            return []
        told = [_placed(each, root) for each in training.problems if each.get("severity", "error") == "error"]
        if not told:
            told = [Problem("failed-run", f"The last training failed: {training.message}")]
        return [
            each for each in told if _line(lines, root, each.path) == _line(training.lines, training.root, each.path)
        ]


def _line(lines: Sequence[str], root: Node | None, path: str) -> str:
    """Return the line of a text on which a problem at a config path is told."""
    number = span_of(root, path).start.line
    return lines[number] if number < len(lines) else ""


def _placed(problem: Mapping[str, Any], root: Node | None) -> Problem:
    path = str(problem.get("path", ""))
    return Problem(
        str(problem.get("code", "failed-run")),
        str(problem.get("message", "")),
        span_of(root, path),
        Severity.ERROR,
        path,
        str(problem.get("hint", "")),
    )


def _why(problems: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(str(each.get("message", "")) for each in problems[:3])


async def _tail(stream: asyncio.StreamReader) -> str:
    lines: deque[str] = deque(maxlen=_TAIL_LINES)
    async for line in stream:
        lines.append(line.decode(errors="replace").rstrip())
    return "\n".join(lines)
