"""Trains a config again whenever it, its data or its code is saved; a newer save takes the place of an older run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from declml.data.obtain import watched_files
from declml.errors import ConfigProblems, DeclmlError, UserProblem
from declml.kernels.channel import Channel
from declml.kernels.choice import Choice
from declml.kernels.local import interrupt
from declml.kernels.reach import reached
from declml.run.attaching import stop_run
from declml.run.changed_files import ChangedFiles
from declml.run.launching import Launch, follow_run, start_run
from declml.run.on_kernel import remote_address
from declml.runs.changes import Change, plan_changes
from declml.runs.find import find
from declml.runs.folder import Run
from declml_schema.plan import Plan

MakeLaunch = Callable[[], Launch]


class Screen(Protocol):
    """What a watch tells: each method is called from the thread that it happens in."""

    def waiting(self, files: list[Path]) -> None:
        """Nothing is at work; these files are watched."""
        ...

    def saved(self, changes: list[Change]) -> None:
        """A save changed the plan in these ways, or the data or the code where there are none."""
        ...

    def event(self, event: Mapping[str, Any]) -> None:
        """The run at work says something."""
        ...

    def notice(self, text: str) -> None:
        """Something happened that is no event of a run."""
        ...

    def ended(self, run: Run) -> None:
        """A run is over: finished, interrupted by a newer save, or found to be there already."""
        ...

    def failed(self, error: DeclmlError) -> None:
        """A config was refused or a run failed."""
        ...


@dataclass
class _AtWork:
    """The run that is being trained, and the thread that follows it. ``stop`` asks it to end; with True, at once."""

    identity: str
    stop: Callable[[bool], None]
    thread: threading.Thread


class Watch:
    """``launch`` reads the config anew each time it is called; ``choice`` is the kernel that runs it."""

    def __init__(self, config: Path, launch: MakeLaunch, *, choice: Choice, screen: Screen, poll: bool = False) -> None:
        self._config, self._launch, self._choice, self._screen = config, launch, choice, screen
        self._changes = ChangedFiles(poll=poll, on_notice=screen.notice)
        self._at_work: _AtWork | None = None
        self._plan: Plan | None = None
        self._identity = ""
        self._stack = ExitStack()
        self._channel: Channel | None = None
        self._reached = False

    def run(self) -> None:
        """Train now and after each save, until a `KeyboardInterrupt`, which stops the run at work."""
        with self._stack:
            self._stack.callback(self._changes.close)
            self._changes.watch([self._config])
            try:
                while True:
                    self._try()
                    self._changes.wait()
            except KeyboardInterrupt:
                self._stop()

    def _try(self) -> None:
        """Train what the files say now, unless it is at work already or the config has a mistake."""
        try:
            launch = self._launch()
            files = self._files(launch)
            self._changes.watch(files)
            source = launch.source()
            identity = launch.identity(source, launch.plugin_hashes())["run"]
        except DeclmlError as error:
            self._screen.failed(error)
            return
        if self._at_work is not None and self._at_work.thread.is_alive() and self._at_work.identity == identity:
            return
        if self._plan is not None and identity != self._identity:
            self._screen.saved(plan_changes(self._plan.as_json(), launch.plan.as_json()))
        self._plan, self._identity = launch.plan, identity
        self._stop()
        launch = replace(launch, trigger="watch")
        address = remote_address(self._choice)
        try:
            train, stop = self._there(address, launch) if address is not None else self._here(launch)
        except DeclmlError as error:
            self._screen.failed(error)
            return
        thread = threading.Thread(target=self._follow, args=(train, files), name="declml run", daemon=True)
        self._at_work = _AtWork(identity, stop, thread)
        thread.start()

    def _here(self, launch: Launch) -> tuple[Callable[[], Run], Callable[[bool], None]]:
        """Start a run on a kernel of this machine; return what follows it to its end and what stops it."""
        started = start_run(replace(launch, kernel=self._kernel))

        def stop(now: bool) -> None:  # noqa: FBT001 - the one thing that a stop can be told
            if started.process is not None:
                interrupt(started.process.pid, again=now)

        return lambda: follow_run(started, self._screen.event), stop

    def _there(self, address: str, launch: Launch) -> tuple[Callable[[], Run], Callable[[bool], None]]:
        """Return what trains a launch on a remote kernel, and what stops it."""
        # Imported here: whoever trains on this machine needs none of it.
        from declml.run.remote import train_at

        began: list[str] = []
        unwanted = threading.Event()

        def take(event: Mapping[str, Any]) -> None:
            if event["kind"] == "run_started":
                began.append(str(event["run"]))
            self._screen.event(event)
            if unwanted.is_set():
                unwanted.clear()
                raise KeyboardInterrupt  # the run stops as for a Ctrl-C: it could not be named before

        def stop(now: bool) -> None:  # noqa: FBT001 - the one thing that a stop can be told
            if not began:
                unwanted.set()
                return
            with suppress(UserProblem):  # it ended meanwhile
                stop_run(find(launch.runs, began[-1]), now=now, on_notice=self._screen.notice)

        return lambda: train_at(address, launch, on_event=take, on_notice=self._screen.notice), stop

    def _follow(self, train: Callable[[], Run], files: list[Path]) -> None:
        try:
            self._screen.ended(train())
        except DeclmlError as error:
            self._screen.failed(error)
        if self._at_work is not None and self._at_work.thread is threading.current_thread():
            self._screen.waiting(files)  # no newer save is about to train

    def _stop(self) -> None:
        """Have the run at work write a checkpoint and end, and wait for it; its record is kept."""
        at_work, self._at_work = self._at_work, None
        if at_work is None or not at_work.thread.is_alive():
            return
        at_work.stop(False)
        try:
            at_work.thread.join()
        except KeyboardInterrupt:
            at_work.stop(True)
            at_work.thread.join()

    def _kernel(self) -> Channel | None:
        if self._channel is not None and self._channel.gone:
            self._reached = False  # it died between two saves: the next one is fresh
        if not self._reached:
            self._channel = self._stack.enter_context(reached(self._choice, self._screen.notice))
            self._reached = True
        return self._channel

    def _files(self, launch: Launch) -> list[Path]:
        named = launch.plan.data.get("source")
        files = [self._config, *launch.plugins]
        with suppress(UserProblem, ConfigProblems):
            if named and launch.dataset is None:
                files += watched_files(named, base=launch.folder)
        return files
