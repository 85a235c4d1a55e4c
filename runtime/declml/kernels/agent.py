"""What a kernel does for declml: it launches training processes, tells about them, stops them. Runs inside the kernel.

One agent a kernel, torch-free. Its acts take and return JSON data. Clients on the same machine reach it through a
socket (`declml.kernels.agent_socket`), which answers also while the kernel runs a cell; others through a Jupyter
server, which executes `call`. Nothing that trains ever runs in this process.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

from declml.kernels import local
from declml.kernels.channel import ActFailed
from declml.kernels.fingerprint import source_hash
from declml.kernels.incoming import INCOMING
from declml.kernels.start import Process, environment_of, start
from declml.kernels.turns import Turns
from declml.kernels.warm import WARM_PARENT, Forked
from declml.kernels.warm_keep import WarmKeep
from declml.runs.alive import is_alive

Json: TypeAlias = Any
Act: TypeAlias = Callable[..., Json]

IDLE_SECONDS = "DECLML_KERNEL_IDLE_SECONDS"
_IDLE_SECONDS = 1800.0
_KEPT_ENDS = 1000
_LAST_WORD_SECONDS = 2.0


class Agent:
    """The acts and what they need to remember: the processes that were launched, and how they ended."""

    def __init__(self) -> None:
        self._began = time.time()
        self._touched = time.monotonic()
        self._lock = threading.Lock()
        self._processes: dict[int, Process] = {}
        self._about: dict[int, dict[str, Json]] = {}
        self._starting: list[dict[str, Json]] = []
        self._ends: dict[int, int | None] = {}
        self._warm = WarmKeep()
        self._turns = Turns()
        self._leave: Callable[[], None] | None = None
        self._resting = False

    def call(self, act: str, arguments: Mapping[str, Json], blobs: Sequence[bytes] = ()) -> Json:
        """Do one act; `ActFailed` says in one sentence why it could not be done."""
        self._touched = time.monotonic()
        known = ACTS.get(act)
        if known is None:
            raise ActFailed(f"This kernel's declml knows no act '{act}'; it is another version.")
        try:
            return known(self, *blobs, **arguments)
        except (OSError, TypeError, ValueError) as error:
            raise ActFailed(f"The kernel could not do '{act}': {error}.") from error

    def about(self) -> dict[str, Json]:
        """Return what this side is: versions, interpreter, devices, room on the disk, what is running."""
        return {
            "declml": _version("declml"),
            "source": source_hash(),
            "python": platform.python_version(),
            "executable": sys.executable,
            "torch": _version("torch"),
            "host": platform.node(),
            "pid": os.getpid(),
            "folder": str(Path.cwd()),
            "free_bytes": shutil.disk_usage(Path.cwd()).free,
            "time": time.time(),
            "began": self._began,
            "running": self.running(),
        }

    def warm_up(self) -> None:
        """Begin to import what a training needs, in the process that later ones are forked from."""
        self._warm.begin()

    def launch(
        self, module: str, argument: str, log: str, environment: Mapping[str, str] | None = None, label: str = ""
    ) -> dict[str, Json]:
        """Start ``python -m module argument`` in a session of its own, forked from the warm parent where that fits.

        ``environment`` is the whole environment of the process (this kernel's where it is None); what it prints is
        appended to the file ``log``. ``label`` is what `running` calls it. Returns its ``pid``.
        """
        variables = dict(environment) if environment is not None else environment_of({})
        address = self._warm.address()
        variables.pop(WARM_PARENT, None)
        if address:
            variables[WARM_PARENT] = address
        about: dict[str, Json] = {"pid": 0, "label": label or argument, "began": time.time()}
        # It counts as running from now on: the warm parent may still be importing, and others ask for their turn.
        with self._lock:
            self._starting.append(about)
        try:
            with Path(log).open("ab") as output:
                process = start(module, argument, output=output, errors=output, environment=variables)
            with self._lock:
                self._processes[process.pid] = process
                self._about[process.pid] = {**about, "pid": process.pid}
        finally:
            with self._lock:
                self._starting.remove(about)
        return {"pid": process.pid, "warm": isinstance(process, Forked)}

    def ended(self, pid: int) -> dict[str, Json]:
        """Return whether process ``pid`` is gone, and its exit code (negative for a signal) where it is known."""
        self._collect()
        with self._lock:
            if pid in self._processes:
                return {"ended": False, "code": None}
            if pid in self._ends:
                return {"ended": True, "code": self._ends[pid]}
        return {"ended": not is_alive(pid), "code": None}

    def turn(self, ticket: str) -> dict[str, Json]:
        """Return whether it is this ticket's turn to train alone, and what is before it: runs, then waiting tickets.

        The ticket must be asked for again every few seconds, or it is forgotten; once it has its turn it is used up.
        """
        waiting = self._turns.ahead(ticket)
        running = [str(each["label"]) for each in self.running()]
        if waiting or running:
            return {"turn": False, "running": running, "waiting": len(waiting)}
        self._turns.leave(ticket)
        return {"turn": True, "running": [], "waiting": 0}

    def stop(self, pid: int, *, again: bool = False) -> bool:
        """Ask a process to stop after a checkpoint; ``again`` ends it and its children at once."""
        return local.interrupt(pid, again=again)

    def running(self) -> list[dict[str, Json]]:
        """Return the processes that are at work: ``pid`` (0 while one starts), ``label`` and when they began."""
        self._collect()
        with self._lock:
            return [*(self._about[pid] for pid in self._processes), *self._starting]

    def on_end(self, leave: Callable[[], None]) -> None:
        """Have ``leave`` end this process when it is time; without it the kernel is somebody else's and stays."""
        self._leave = leave

    def shut_down(self, *, when_idle: bool = True) -> bool:
        """End this kernel soon, unless ``when_idle`` and something runs. What was launched goes on.

        Returns whether it will: a kernel that declml did not start stays.
        """
        if self._leave is None or (when_idle and self.running()):
            return False
        threading.Timer(0.1, self.end).start()
        return True

    def end(self) -> None:
        """End the warm parent, and this kernel where it is declml's own. What was launched goes on."""
        self._warm.close()
        if self._leave is not None:
            self._leave()

    def watch_idleness(self, door: Path) -> None:
        """End this kernel when it has launched nothing and was asked nothing for half an hour.

        Without its ``door``, the socket that clients find it by, nobody can ask: then it ends as soon as nothing runs.
        """
        limit = float(os.environ.get(IDLE_SECONDS) or _IDLE_SECONDS)
        pause = max(0.05, min(60.0, limit / 4))

        def watch() -> None:
            while True:
                time.sleep(pause)
                if self.running():
                    self._touched = time.monotonic()
                elif time.monotonic() - self._touched > limit or not door.exists():
                    self.end()
                    return

        threading.Thread(target=watch, name="declml idleness", daemon=True).start()

    def touch(self) -> None:
        """Note that somebody needs this kernel."""
        self._touched = time.monotonic()

    def rest_when_idle(self, leave: Callable[[], object]) -> None:
        """End the warm parent, and call ``leave``, when this kernel has launched nothing and was asked nothing for half
        an hour; again after each time that it was needed. Calling this again changes nothing.
        """
        limit = float(os.environ.get(IDLE_SECONDS) or _IDLE_SECONDS)

        def watch() -> None:
            while True:
                time.sleep(max(0.05, min(60.0, limit / 4)))
                if self.running():
                    self.touch()
                elif time.monotonic() - self._touched > limit:
                    self._warm.close()
                    leave()
                    self.touch()

        with self._lock:
            begun, self._resting = self._resting, True
        if not begun:
            threading.Thread(target=watch, name="declml idleness", daemon=True).start()

    def _collect(self) -> None:
        with self._lock:
            for pid, process in list(self._processes.items()):
                if process.ended() or not is_alive(pid):
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_LAST_WORD_SECONDS)  # its parent is about to tell the exit code
                    del self._processes[pid]
                    self._about.pop(pid, None)
                    self._ends[pid] = process.returncode
            while len(self._ends) > _KEPT_ENDS:
                self._ends.pop(next(iter(self._ends)))


def _version(name: str) -> str | None:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return None


ACTS: dict[str, Act] = {
    "about": Agent.about,
    "ended": Agent.ended,
    "launch": Agent.launch,
    "running": Agent.running,
    "shut_down": Agent.shut_down,
    "stop": Agent.stop,
    "turn": Agent.turn,
    "warm_up": Agent.warm_up,
    **INCOMING,
}
"""Every act by its name."""

_agent: Agent | None = None
_making = threading.Lock()


def agent() -> Agent:
    """Return this process's agent."""
    global _agent
    with _making:
        if _agent is None:
            _agent = Agent()
        return _agent


def call(act: str, arguments: str) -> str:
    """Do an act with arguments in JSON and return ``{"answer": ...}`` or ``{"failed": sentence}`` in JSON.

    This is what a client executes in a kernel that it reaches through a Jupyter server.
    """
    try:
        return json.dumps({"answer": agent().call(act, json.loads(arguments))})
    except ActFailed as error:
        return json.dumps({"failed": str(error)})
