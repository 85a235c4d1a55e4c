"""A training process on this machine: start it, read what it says, interrupt it.

Whoever starts a run (terminal, notebook, editor) stays free of torch: the work is done in another process, whose only
voice is the event stream of its run folder. Knows nothing of what a request says.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from declml.kernels.channel import Channel, ChannelLost
from declml.kernels.kernel_process import KernelProcess
from declml.kernels.start import Process, environment_of, start
from declml.runs.alive import is_alive
from declml.whole_files import write_whole
from declml_schema.events import read_events

OnEvent: TypeAlias = Callable[[Mapping[str, Any]], None]

WORKER = "declml.run.worker"
REQUEST = "request.json"
LOG = "worker.log"
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.02, 0.2
_GOODBYE_SECONDS = 10.0
_LOG_LINES = 20
_WARM_SECONDS = 120.0
"""How long a kernel may take to start a process: its warm parent may still be importing."""


@dataclass(slots=True)
class Launched:
    """A training process. ``read_to`` is the byte of its event stream up to which `follow` has told everything.

    ``process`` is None for one that somebody else started (`attach`); its exit code cannot be known then. ``news`` is
    set whenever the stream has grown, where somebody knows; without it the file is looked at. A process is ``doubtful``
    when a kernel was asked first and died before it could answer: it may have started one that does the same.
    """

    pid: int
    log: Path
    process: Process | None = field(default=None, repr=False)
    read_to: int = 0
    news: threading.Event = field(default_factory=threading.Event, repr=False)
    doubtful: bool = False

    def ended(self) -> bool:
        """Return whether the process is gone."""
        if self.process is None:
            return not is_alive(self.pid)
        return self.process.ended()

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs or when it cannot be known."""
        return self.process.returncode if self.process else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process ended.

    ``status`` is that of its last event (finished, failed, interrupted), or ``killed`` when it went without a word:
    then ``message`` says how, with ``exit_code``, the name of the ``signal`` and the last lines of its log in
    ``log_tail``.
    """

    status: str
    message: str
    exit_code: int | None = None
    signal: str | None = None
    log_tail: str = ""


def launch(
    request: Mapping[str, Any],
    *,
    folder: Path,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
    module: str = WORKER,
    read_to: int = 0,
    kernel: Channel | None = None,
) -> Launched:
    """Start ``python -m module FOLDER/request.json`` in a session of its own and return at once.

    ``request`` is JSON data for the worker, opaque here. What the process prints goes to ``FOLDER/worker.log``.
    ``environment`` adds to this process's. ``read_to`` is the size of the event stream when a run goes on, so that old
    events are not told again. With ``kernel``, one on this machine, it is that kernel which starts the process.
    """
    path, log = folder / REQUEST, folder / LOG
    write_whole(path, json.dumps(request, ensure_ascii=False, indent=2))
    if kernel is not None:
        asked = {
            "module": module,
            "argument": str(path),
            "log": str(log),
            "environment": environment_of(environment or {}),
            "label": str(folder),
        }
        # A kernel that dies now is no reason not to train: the process is then started from here.
        with suppress(ChannelLost):
            pid = int(kernel.call("launch", asked, timeout_seconds=_WARM_SECONDS)["pid"])
            return Launched(pid, log, KernelProcess(pid, kernel), read_to)
    with log.open("ab") as output:
        process = start(
            module,
            str(path),
            output=output,
            errors=output,
            environment=environment_of(environment or {}),
            python=python,
        )
    return Launched(process.pid, log, process, read_to, doubtful=kernel is not None)


def attach(pid: int, *, folder: Path, read_to: int = 0) -> Launched:
    """Return a handle on a training process that somebody else started for the run in ``folder``."""
    return Launched(pid, folder / LOG, None, read_to)


def follow(path: Path, launched: Launched, on_event: OnEvent | None = None) -> Outcome:
    """Tell every event of the stream ``path`` from ``launched.read_to`` on, and return how the process ended.

    Ends after ``run_finished``, or when the process is gone. May be called again after an exception of ``on_event`` or
    a Ctrl-C: it goes on with the event after the one that was being told.
    """
    finished: Mapping[str, Any] | None = None
    pause = _SHORTEST_SECONDS
    while True:
        # Asked before reading: what a process wrote before it ended is then surely read.
        gone = launched.ended()
        launched.news.clear()
        told = False
        for event in _news(path, launched):
            told = True
            if event["kind"] == "run_finished":
                finished = event
            elif event["kind"] == "run_started":
                finished = None
            if on_event is not None:
                on_event(event)
        if finished is not None:
            _say_goodbye(launched)
            return Outcome(
                str(finished.get("status", "finished")), str(finished.get("message", "")), launched.exit_code
            )
        if gone:
            return _without_a_word(launched)
        # Quick while there is news, slow while there is none: a silent epoch must not cost the training a core.
        pause = _SHORTEST_SECONDS if told else min(pause * 1.5, _LONGEST_SECONDS)
        launched.news.wait(pause)


def whole_size(path: Path) -> int:
    """Return where the last whole line of a stream ends; a run that goes on writes from there."""
    try:
        return path.read_bytes().rfind(b"\n") + 1
    except FileNotFoundError:
        return 0


def interrupt(pid: int, *, again: bool = False) -> bool:
    """Ask process ``pid`` to stop after writing a checkpoint; ``again`` kills it and its children.

    Return whether it was there.
    """
    try:
        if again:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGINT)
    except ProcessLookupError:
        return False
    return True


def _news(path: Path, launched: Launched) -> Iterator[Mapping[str, Any]]:
    with suppress(FileNotFoundError):
        for offset, event in read_events(path, launched.read_to):
            launched.read_to = offset
            yield event


def _say_goodbye(launched: Launched) -> None:
    """Wait for the process to end after its last event, so that its exit code is known and nothing of it is left."""
    if launched.process is not None:
        with suppress(subprocess.TimeoutExpired):
            launched.process.wait(_GOODBYE_SECONDS)


def _without_a_word(launched: Launched) -> Outcome:
    code = launched.exit_code
    name = _signal_name(code)
    if name == "SIGKILL":
        how = "was killed (SIGKILL); this is what the system does to a process when memory runs out"
    elif name:
        how = f"ended by signal {name}"
    elif code is None:
        how = "is gone"
    else:
        how = f"ended with exit code {code}"
    message = f"The training process {how} before it could say how the run ended."
    return Outcome("killed", message, code, name, _tail(launched.log))


def _signal_name(code: int | None) -> str | None:
    if code is None or code >= 0:
        return None
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"number {-code}"


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LOG_LINES:])
