"""Asks a warm parent for a process, and holds on to what it forked. Knows nothing of what the process does.

A process that trains spends its first seconds importing. A warm parent (`declml.kernels.warm_parent`) has imported and
done nothing else; a process that it forks begins at once. There is none unless `WARM_PARENT` is set, and whatever is
wrong with it, the answer here is None and the process is started as if there were none.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from declml.runs.alive import is_alive

WARM_PARENT = "DECLML_WARM_PARENT"
"""The environment variable that holds the socket of a warm parent. Unset, each process is started anew."""

LATER_MARK = "later:"
"""What stands before the name of a module that the parent imports while nobody asks."""


class WarmParent:
    """A process that has imported ``modules`` and forks on demand, for as long as its owner neither closes it nor ends.

    ``address`` is what `WARM_PARENT` must hold. Who asks while it still imports waits for it. ``environment`` is that
    of the parent: see `declml.kernels.warm_parent` for what a child may change of it. ``later`` are modules that it
    imports while nobody asks, where they are installed.
    """

    def __init__(self, *modules: str, environment: Mapping[str, str], later: Sequence[str] = ()) -> None:
        # Not below any folder of the user's: the path of a socket may have about a hundred characters.
        self._folder = Path(tempfile.mkdtemp(prefix="declml-"))
        self.address = str(self._folder / "warm")
        self.asked = 0
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen()
            # The parent lives until its standard input ends, which also happens when its owner is killed.
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "declml.kernels.warm_parent",
                    str(listener.fileno()),
                    *modules,
                    *(f"{LATER_MARK}{each}" for each in later),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                pass_fds=[listener.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is for whoever asked for a process
            )

    @property
    def pid(self) -> int:
        """The number of the parent's process."""
        return self._process.pid

    def ended(self) -> bool:
        """Return whether the parent is gone."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the parent. What it forked goes on."""
        self._process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)  # where the parent could not do it itself


class Forked:
    """A process that a warm parent forked, with the part of `subprocess.Popen` that a launcher needs.

    Its exit code is told by the parent; once that is gone, `ended` is known and ``returncode`` stays None.
    """

    def __init__(self, pid: int, parent: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent: socket.socket | None = parent

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while there is none to tell."""
        self._listen(0.0)
        return self.returncode

    def ended(self) -> bool:
        """Return whether the process is gone."""
        return self.poll() is not None or (self._parent is None and not is_alive(self.pid))

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end and return the exit code; after ``timeout`` seconds raise `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.ended():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            if self._parent is None:
                time.sleep(0.02)  # nobody will tell: all that is left is to look
            self._listen(left)
        return self.returncode

    def let_go(self) -> None:
        """Look after it no longer: it goes on, and its parent tells nobody how it ended."""
        if self._parent is not None:
            self._parent.close()
            self._parent = None

    def _listen(self, seconds: float | None) -> None:
        if self._parent is None:
            return
        self._parent.settimeout(seconds)
        try:
            told = _read(self._parent)
        except (BlockingIOError, TimeoutError):
            return
        self.let_go()
        self.returncode = told.get("status")


def fork(module: str, argument: str, *, output: int, errors: int, environment: Mapping[str, str]) -> Forked | None:
    """Have ``python -P -m module argument`` forked by the parent that ``environment`` names, in a session of its own.

    ``output`` and ``errors`` are its open files. None where no parent is named, or it is gone, cannot import or refuses
    this environment.
    """
    address = environment.get(WARM_PARENT)
    if not address:
        return None
    parent = socket.socket(socket.AF_UNIX)
    told: dict[str, Any] = {}
    try:
        request = {"module": module, "argument": argument, "folder": str(Path.cwd()), "environment": dict(environment)}
        parent.connect(address)
        message = json.dumps(request).encode()
        sent = socket.send_fds(parent, [message], [output, errors])
        parent.sendall(message[sent:])
        parent.shutdown(socket.SHUT_WR)
        told = _read(parent)
    except OSError:
        return None
    finally:
        if "pid" not in told:
            parent.close()
    return Forked(told["pid"], parent) if "pid" in told else None


def _read(parent: socket.socket) -> dict[str, Any]:
    """Return the next thing that the parent tells, one line of JSON; nothing when it is gone."""
    line = bytearray()
    while not line.endswith(b"\n"):
        try:
            byte = parent.recv(1)
        except ConnectionError:
            byte = b""
        if not byte:
            return {}
        line += byte
    return json.loads(line)
