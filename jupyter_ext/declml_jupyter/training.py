"""A training that was asked for in the notebook: `declml.train` with a view, in this thread or in one of its own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml import api
from declml.errors import DeclmlError
from declml.kernels.local import interrupt
from declml.run.attaching import stop_run
from declml.run.config import Config
from declml.runs.folder import Run, open_run
from declml.runs.places import runs_root
from declml_jupyter.live_view import View
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.telling import text_of
from declml_schema.events import read_events

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Job:
    """What to train: the arguments of `declml.train`. ``kernel`` names what starts the process."""

    config: Config
    dataset: Any = None
    overrides: Any = ()
    runs: str | Path | None = None
    resume: str | Path | None = None
    experiment: str | None = None
    again: bool = False
    kernel: str | None = None

    @property
    def root(self) -> Path:
        """The folder of all runs."""
        return runs_root(self.runs, start=self.config.start)

    def train(self, on_event: Callable[[Mapping[str, Any]], None], on_notice: Callable[[str], None]) -> Run:
        """Train and return the run."""
        return api.train(
            self.config,
            dataset=self.dataset,
            overrides=self.overrides,
            runs=self.runs,
            resume=self.resume,
            experiment=self.experiment,
            again=self.again,
            on_event=on_event,
            on_notice=on_notice,
            kernel=self.kernel,
            trigger="notebook",
        )


class Training:
    """One training and its view.

    Where it runs in a thread of its own, that thread has the context of the cell that began it (see `Batches`).
    ``error`` is what made it fail. ``on_end`` is called with the run, when there is one, before anybody who waits goes
    on.
    """

    def __init__(self, job: Job, view: View, *, on_end: Callable[[NotebookRun], None] = lambda _run: None) -> None:
        self.error: BaseException | None = None
        self.path: Path | None = None
        self._job = job
        self._view = view
        self._on_end = on_end
        self._run: NotebookRun | None = None
        self._process: int | None = None
        self._stop_asked = 0
        self._done = threading.Event()

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self._done.is_set()

    def here(self) -> NotebookRun:
        """Train in this thread; a `KeyboardInterrupt` stops the run after its checkpoint."""
        self._work()
        return self._result()

    def begin(self) -> None:
        """Train in a thread of its own and return at once."""
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._work,), name="declml training", daemon=True).start()

    async def awaited(self) -> NotebookRun:
        """Train in a thread of its own while the kernel answers others; an interrupt of the cell stops the run."""
        self.begin()
        while not self.ended:
            try:
                await asyncio.sleep(_LOOK_SECONDS)
            except (KeyboardInterrupt, asyncio.CancelledError):
                self.stop()
        return self._result()

    def stop(self, *, now: bool = False) -> None:
        """Ask the run to stop after its next checkpoint; a second time, or with ``now``, at once.

        Where the training process is still starting, it is asked as soon as it is up.
        """
        self._stop_asked += 2 if now else 1
        if self._process is not None and not self.ended:
            self._interrupt(self._process)

    def _interrupt(self, process: int) -> None:
        now = self._stop_asked > 1
        run = open_run(self.path) if self.path is not None else None
        if run is not None and run.record.get("remote"):
            # Another machine is asked, which takes its time: a button must not wait for it.
            threading.Thread(target=self._stop_there, args=(run, now), name="declml stop", daemon=True).start()
        else:
            interrupt(process, again=now)

    def _stop_there(self, run: Run, now: bool) -> None:  # noqa: FBT001 - the one thing that a stop can be told
        with suppress(DeclmlError):  # it has just ended, or the connection is lost: the view tells either
            stop_run(run, now=now, on_notice=self._view.notice)

    def _result(self) -> NotebookRun:
        if self.error is not None:
            raise self.error
        if self._run is None:
            raise RuntimeError("a training that ended without an error must have a run")
        return self._run

    def _work(self) -> None:
        problem = ""
        try:
            run = self._job.train(self._take, self._view.notice)
            self.path = run.path
            self._run = NotebookRun(run.path, reused=run.reused)
            self._on_end(self._run)
        except DeclmlError as error:
            self.error = error
            problem = text_of(error)
        except BaseException as error:  # what a thread raises, nobody sees: whoever waits raises it again
            self.error = error
            problem = f"{type(error).__name__}: {error}"
            if threading.current_thread() is threading.main_thread():
                raise
        finally:
            run = self._run or (NotebookRun(self.path) if self.path is not None else None)
            self._view.end(run, problem)
            self._done.set()

    def _take(self, event: Mapping[str, Any]) -> None:
        if event.get("kind") == "run_started":
            self._started(event)
        self._view.take(event)

    def _started(self, event: Mapping[str, Any]) -> None:
        self.path = self._job.root / str(event["experiment"]) / str(event["run"])
        if event.get("resumed_from_step") is not None:
            for earlier in earlier_events(self.path, before=int(event["seq"])):
                self._view.take(earlier)
        self._process = int(event["process"])
        if self._stop_asked:
            self._interrupt(self._process)


def earlier_events(path: Path, *, before: int) -> list[Mapping[str, Any]]:
    """Return what the run in ``path`` said before event number ``before``; a view of a run that goes on needs it."""
    stream = path / "events.jsonl"
    if not stream.exists():
        return []
    return [event for _, event in read_events(stream) if int(event.get("seq", before)) < before]
