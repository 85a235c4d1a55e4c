"""One training with one fault in a soak: its client or clients, what they were told, and what must hold at its end."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import declml
from declml.errors import DeclmlError, UserProblem
from declml.run.attaching import attach_run
from declml.runs.folder import Run, open_run
from e2e.kernels.following import waited_for_processor
from e2e.kernels.jupyter import JupyterServer
from e2e.kernels.relay import Relay
from e2e.kernels.ssh_server import SshServer
from e2e.projects import SMALL_CONFIG, Project

EPOCHS = 60
CONFIG = SMALL_CONFIG.replace("epochs: 3", f"epochs: {EPOCHS}, early_stop: -1")
LONGEST_WAIT = 240.0
NOTICED_SECONDS = 3.0
"""How long a death may go unnoticed, beside the time for which the client itself had to wait for a processor."""

_EARLY_SECONDS = 0.7


@dataclass
class Place:
    """The servers of a soak, and what an undisturbed run comes to."""

    folder: Path
    server: JupyterServer
    relay: Relay
    ssh: SshServer | None
    weights: str
    events: int


@dataclass
class Round:
    """One training with one fault. ``shown`` are the numbers of the events that its client, or clients, were told."""

    place: Place
    project: Project
    random: random.Random
    shown: list[int] = field(default_factory=list[int])
    notices: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    news: threading.Condition = field(default_factory=threading.Condition)
    error: DeclmlError | None = None
    ended: float = 0.0
    done: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Note an event that was shown."""
        with self.news:
            self.shown.append(int(event["seq"]))
            self.news.notify_all()

    def notice(self, text: str) -> None:
        """Note a sentence that was shown, and when."""
        with self.news:
            self.notices.append((time.monotonic(), text))
            self.news.notify_all()

    def begin(self, kernel: str) -> threading.Thread:
        """Train in a thread of its own."""

        def work() -> None:
            try:
                declml.train(
                    self.project.config, runs=self.project.runs, kernel=kernel, on_event=self.take,
                    on_notice=self.notice,
                )  # fmt: skip
            except DeclmlError as error:
                self.error = error
            with self.news:
                self.done, self.ended = True, time.monotonic()
                self.news.notify_all()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def moment(self, *, early: bool = False) -> None:
        """Wait until a random number of events was shown and a little more; ``early`` allows for one before the first
        event.
        """
        count = self.random.randrange(0 if early else 1, self.place.events)
        with self.news:
            if early and count < self.place.events // 5:
                self.news.wait_for(lambda: self.done, self.random.random() * _EARLY_SECONDS)
                return
            self.news.wait_for(lambda: len(self.shown) >= count or self.done, LONGEST_WAIT)
        time.sleep(self.random.random() * 0.03)

    def join(self, thread: threading.Thread) -> None:
        """Wait for the client to end."""
        thread.join(LONGEST_WAIT)
        if thread.is_alive():
            raise AssertionError(f"the client hangs after {len(self.shown)} events; it was told {self.notices}")

    def run(self) -> Run:
        """Return the run as it is here."""
        (folder,) = (each for each in (self.project.runs / "shop").iterdir())
        return open_run(folder)

    def attach(self) -> None:
        """Show the run from its beginning, as `declml attach` does; what is shown now is what counts."""
        self.shown.clear()
        self.error = None
        attach_run(self.run(), self.take, self.notice)

    def resume(self, kernel: str) -> None:
        """Go on with the run, as `declml train --resume` does; what is shown counts beside what was shown before."""
        self.error = None
        declml.train(
            self.project.config, runs=self.project.runs, kernel=kernel, resume=self.run().id, on_event=self.take,
            on_notice=self.notice,
        )  # fmt: skip

    def require_noticed(self, since: float, waited: float, what: Callable[[str], bool]) -> None:
        """Raise unless a notice told of a death in time, or the client had ended before anybody could miss it.

        ``since`` and ``waited`` are the clock and `waited_for_processor` as they were at the death.
        """
        allowed = NOTICED_SECONDS + max(0.0, waited_for_processor() - waited)
        told = [when for when, text in self.notices if when >= since and what(text)]
        if (told and told[0] - since > allowed) or (not told and self.ended - since > allowed):
            after = f"{told[0] - since:.2f} s after" if told else "never told of"
            raise AssertionError(f"a death was {after}, {allowed:.2f} s were allowed: {self.notices}")

    def require_killed(self, since: float, waited: float) -> None:
        """Raise unless the client ended in time with one sentence that names the likely cause."""
        allowed = NOTICED_SECONDS + max(0.0, waited_for_processor() - waited)
        took = self.ended - since
        if not isinstance(self.error, UserProblem) or self.error.code != "run-killed":
            raise AssertionError(f"the client of a killed training ended with: {self.error}")
        if "memory" not in self.error.message or "\n" in self.error.message:
            raise AssertionError(f"not one sentence with a likely cause: {self.error.message}")
        if "--resume" not in self.error.hint:
            raise AssertionError(f"no way on: {self.error.hint}")
        if took > allowed:
            raise AssertionError(f"a death was told {took:.2f} s after, {allowed:.2f} s were allowed")

    def check(self) -> None:
        """Raise unless everything is as in an undisturbed run."""
        if self.error is not None:
            raise AssertionError(f"the client ended with: {self.error}")
        run = self.run()
        here = run.events.read_bytes()
        remote = run.record.get("remote")
        far = (Path(remote["folder"]) / "events.jsonl").read_bytes() if remote else here
        lines = [json.loads(line)["seq"] for line in here.splitlines()]
        assert run.status == "finished", run.status
        assert here == far, f"{len(here)} bytes here, {len(far)} there"
        assert lines == list(range(len(lines))), "events are lost or doubled in the file"
        assert self.shown == lines, f"shown {len(self.shown)} of {len(lines)} events, or not in order"
        assert run.taint() == [], run.taint()
        assert run.record["weights"] == self.place.weights, "other weights"


def kill(processes: list[int]) -> None:
    """End processes at once."""
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
