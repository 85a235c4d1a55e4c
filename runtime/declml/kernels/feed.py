"""Tells one client what is appended to one file, in whole lines, at most fifty times a second.

It reads nothing but the file, so a client that is slow, or went away, costs no memory: what it was not told is in the
file still.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from declml.kernels.channel import Hint
from declml.runs.alive import is_alive

LARGEST_HINT = 262_144
"""Bytes that a hint carries at most; a longer one names the size alone, and the client reads the file."""

_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.01, 0.1
_BETWEEN_HINTS_SECONDS = 0.02


class Feed:
    """Follows ``path`` from byte ``offset`` on until process ``pid`` is gone, ``stop`` is called or ``send`` raises.

    ``send`` is called from the feed's own thread with each hint.
    """

    def __init__(self, path: Path, offset: int, pid: int, send: Callable[[Hint], None]) -> None:
        self._path, self._offset, self._pid, self._send = path, offset, pid, send
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"feed {path.parent.name}", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; no further hint is begun."""
        self._stopped.set()

    def _run(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # who listened is gone
            pause = _SHORTEST_SECONDS
            while not self._stopped.is_set():
                # Asked before looking: what a process wrote before it ended is then surely seen.
                gone = not is_alive(self._pid)
                told = self._tell()
                if gone and not told:
                    self._send(Hint(str(self._path), self._offset, self._offset, ended=True))
                    return
                pause = _BETWEEN_HINTS_SECONDS if told else min(pause * 1.3, _LONGEST_SECONDS)
                self._stopped.wait(pause)

    def _tell(self) -> bool:
        """Send what is new and return whether there was anything."""
        try:
            size = self._path.stat().st_size
        except OSError:
            return False  # not made yet
        if size <= self._offset:
            return False
        if size - self._offset > LARGEST_HINT:
            self._send(Hint(str(self._path), self._offset, size))
            self._offset = size
            return True
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(size - self._offset)
        except OSError:
            return False  # not to be read now; the end is told all the same, and whoever reads then hears why
        whole = data[: data.rfind(b"\n") + 1]
        if not whole:
            return False
        self._send(Hint(str(self._path), self._offset, self._offset + len(whole), whole))
        self._offset += len(whole)
        return True
