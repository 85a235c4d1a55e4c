"""Shows a run while it runs, from its events and nothing else: lines for a log, a bar for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, Protocol

import click

from declml.cli.terminal import bad, duration, faint, good, is_terminal, number, wants_color
from declml_schema import events

if TYPE_CHECKING:
    from rich.progress import Progress as RichBar
    from rich.progress import TaskID

Event = Mapping[str, Any]
_WARNING = "yellow"


class Progress(Protocol):
    """Something that shows events: give each to ``take``, and ``close`` it at the end, also after an exception."""

    def take(self, event: Event) -> None:
        """Show one event; one that lacks a field, or is of an unknown kind, is left out."""
        ...

    def notice(self, text: str) -> None:
        """Show what is no event of the run: that a connection was lost, or found again."""
        ...

    def close(self) -> None:
        """Leave the screen tidy."""
        ...


def progress_for(stream: IO[str]) -> Progress:
    """Return a bar where ``stream`` is a terminal, else plain lines: one a stage, one an evaluation."""
    if is_terminal(stream) and wants_color(stream):
        return BarProgress(stream)
    return LineProgress(stream)


class Story:
    """What the events so far mean for a person who waits: the deciding metric, its best, and a line for what
    happened.
    """

    def __init__(self) -> None:
        self.training: Event = {}
        self.best: float | None = None
        self.last: float | None = None
        self.epoch = 0
        self._pending: dict[str, Event] = {}

    @property
    def metric(self) -> str:
        """The name of the deciding metric; empty before training."""
        return str(self._decides.get("metric") or "")

    @property
    def _decides(self) -> Mapping[str, Any]:
        return self.training.get("decides") or {}

    def lines(self, event: Event) -> list[str]:
        """Return what to print for one event, styled; usually nothing or one line."""
        answer: list[str] = []
        kind = event["kind"]
        if self._pending and not self._same_evaluation(event):
            answer.append(self._evaluation())
        teller = _TELLERS.get(kind)
        if teller is not None:
            answer += teller(self, event)
        return answer

    def started(self, event: Event) -> list[str]:
        """Tell the start; a run that goes on forgets what it knew."""
        self.best = self.last = None
        step = event.get("resumed_from_step")
        return [faint(f"Run {event['run']} goes on from step {step:,}.")] if step else [faint(f"Run {event['run']}")]

    def stage(self, event: Event) -> list[str]:
        """Tell a finished stage: name, whether it was reused, its time and why."""
        if event["stage"] == "training" and not event["cached"]:
            return []  # told by `training_finished`
        how = good("cached") if event["cached"] else "ran   "
        took = duration(float(event["seconds"]))
        return [f"{event['stage']:<10}  {how}  {took:>7}  {faint(str(event['reason']))}"]

    def training_started(self, event: Event) -> list[str]:
        """Tell what is trained and where."""
        self.training = event
        threads = int(event["threads"])
        frozen = f" ({int(event['frozen_parameters']):,} more are frozen)" if event["frozen_parameters"] else ""
        epochs = f"{int(event['epochs']):,} epoch{'' if event['epochs'] == 1 else 's'}"
        decided = f"; {self._decides['output']}.{self.metric} decides" if self.metric else ""
        return [
            f"training    {int(event['parameters']):,} weights{frozen}, batches of {int(event['batch_size']):,}, "
            f"at most {epochs}, {event['device']}, threads {threads}{decided}"
        ]

    def metrics(self, event: Event) -> list[str]:
        """Keep the metrics of one split until those of its neighbours are there."""
        split = str(event["split"])
        self._pending[split] = event
        self.epoch = int(event["epoch"])
        if split == "validation" or "validation" not in self._pending:
            value = event["values"].get(self._decides.get("output"), {}).get(self._decides.get("metric"))
            self.last = None if value is None else events.number(value)
            if event.get("best") and self.last is not None:
                self.best = self.last
        return []

    def training_finished(self, event: Event) -> list[str]:
        """Tell why training ended and which epoch was kept."""
        reasons = {
            "epochs": "all epochs done",
            "train_steps": "all steps done",
            "early_stop": "no better for a while: stopped early",
            "interrupted": "interrupted",
        }
        kept = f"; kept the weights of epoch {event['best_epoch']}" if event.get("best_epoch") else ""
        why = reasons.get(str(event["reason"]), str(event["reason"]))
        epochs = f"{event['epoch']} epoch{'' if event['epoch'] == 1 else 's'}"
        return [f"training    {why} after {epochs}, {duration(float(event['seconds']))}{kept}"]

    def log(self, event: Event) -> list[str]:
        """Tell a line for a person; those for a debugger are left out."""
        level = str(event["level"])
        if level == "debug":
            return []
        colors = {"warning": _WARNING, "error": "red"}
        mark = f"{click.style(level + ':', fg=colors[level])} " if level in colors else ""
        return [f"{mark}{event['message']}"]

    def problem(self, event: Event) -> list[str]:
        """Tell a warning of the data; an error ends the run, and whoever started it tells it with its place."""
        problem = event["problem"]
        if problem["severity"] == "error":
            return []
        place = f"{problem['path']}: " if problem.get("path") else ""
        return [f"{click.style(problem['severity'] + ':', fg=_WARNING)} {place}{problem['message']}"]

    def finished(self, event: Event) -> list[str]:
        """Tell that a run failed; why, and every other end, is told by whoever started it."""
        return [bad("The run failed.")] if event["status"] == "failed" else []

    def _same_evaluation(self, event: Event) -> bool:
        pending = next(iter(self._pending.values()))
        return (
            event["kind"] == "metrics" and event.get("step") == pending["step"] and event["split"] not in self._pending
        )

    def _evaluation(self) -> str:
        splits, self._pending = self._pending, {}
        event = splits.get("validation") or next(iter(splits.values()))
        total = f"/{self.training['epochs']}" if self.training else ""
        parts = [f"epoch {event['epoch']}{total}"]
        for split, each in splits.items():
            values = each["values"]
            loss = values.get("combined", {}).get("loss")
            if loss is not None:
                parts.append(f"{split} loss {number(loss)}")
        if self.last is None:
            return "  ".join(parts)
        deciding = f"{self.metric} {number(self.last)}"
        if f"{event['split']} {deciding}" not in parts:  # the loss is told already
            parts.append(deciding)
        return "  ".join(parts) + (good(" best") if event.get("best") else "")


class LineProgress:
    """Plain lines: for a pipe, a log file, a terminal without colours."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._story = Story()

    def take(self, event: Event) -> None:
        """Print what one event is worth."""
        with suppress(KeyError, TypeError, ValueError):  # an event of another version
            for line in self._story.lines(event):
                click.echo(line, file=self._stream, color=wants_color(self._stream))

    def notice(self, text: str) -> None:
        """Print one line."""
        click.echo(faint(text), file=self._stream, color=wants_color(self._stream))

    def close(self) -> None:
        """Nothing is left to tidy."""


class BarProgress:
    """A spinner for the stage at work, then a bar over all steps with speed, time left and the deciding metric."""

    def __init__(self, stream: IO[str]) -> None:
        # Imported here: only a terminal needs it, and it takes longer to load than the rest of the command line.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        self._story = Story()
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._bar: RichBar = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[facts]}", markup=False),
            console=self._console,
            refresh_per_second=8,
            transient=True,
        )
        self._bar.start()
        self._task: TaskID | None = None
        self._training = False

    def take(self, event: Event) -> None:
        """Print lines above the bar and move the bar."""
        from rich.text import Text

        with suppress(KeyError, TypeError, ValueError):  # an event of another version
            for line in self._story.lines(event):
                if not (self._training and event["kind"] in {"metrics", "step", "checkpoint"}):
                    self._console.print(Text.from_ansi(line))
            self._move(event)

    def notice(self, text: str) -> None:
        """Print one line above the bar."""
        from rich.text import Text

        self._console.print(Text.from_ansi(faint(text)))

    def close(self) -> None:
        """Take the bar off the screen."""
        self._bar.stop()

    def _move(self, event: Event) -> None:
        kind = event["kind"]
        if kind == "stage_started" and event["stage"] != "training":
            self._begin(str(event["label"]) or str(event["stage"]), None)
        elif kind == "stage_progress" and self._task is not None and not self._training:
            self._bar.update(self._task, completed=float(event["done"]), total=_total(event))
        elif kind == "training_started":
            self._begin("epoch 1", float(event["total_steps"]))
            self._training = True
        elif kind == "step" and self._task is not None:
            self._bar.update(
                self._task,
                completed=float(event["step"]),
                description=f"epoch {event['epoch']}/{self._story.training.get('epochs', '?')}",
                facts=self._facts(event),
            )
        elif kind in {"stage_finished", "training_finished", "run_finished"}:
            self._end()

    def _begin(self, label: str, total: float | None) -> None:
        self._end()
        self._task = self._bar.add_task(label, total=total, facts="")

    def _end(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task, self._training = None, False

    def _facts(self, event: Event) -> str:
        parts = [f"{number_of_steps(events.number(event['steps_per_second']))} steps/s"]
        if event.get("eta_seconds") is not None:
            parts.append(f"{duration(events.number(event['eta_seconds']))} left")
        if self._story.last is not None:
            parts.append(f"{self._story.metric} {number(self._story.last)}")
        if self._story.best is not None:
            parts.append(f"best {number(self._story.best)}")
        return "  ".join(parts)


def number_of_steps(speed: float) -> str:
    """Return a speed for people: one digit after the point while it is small."""
    return f"{speed:,.1f}" if speed < 10 else f"{speed:,.0f}"


def _total(event: Event) -> float | None:
    total = event.get("total")
    return None if total is None else float(total)


_TELLERS = {
    "run_started": Story.started,
    "stage_finished": Story.stage,
    "training_started": Story.training_started,
    "metrics": Story.metrics,
    "training_finished": Story.training_finished,
    "log": Story.log,
    "problem": Story.problem,
    "run_finished": Story.finished,
}
