"""Keeps one warm parent ready: begins it, and replaces it after a fault or when it has grown.

It never computes, so it does not grow by itself; a mark is there all the same, since what a library does while it is
imported is not ours.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from declml.kernels.start import environment_of
from declml.kernels.warm import WARM_PARENT, WarmParent

MODULES = ("declml.run.preload",)
"""What a warm parent imports before it forks. A name here and no import: this process stays light."""

LATER = (
    "torch.optim",
    "numpy.ma",
    "declml.run.asked",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
)
"""What it imports while nobody asks, where it is installed: only some trainings need it, and it takes seconds."""

GROWTH_MARK_BYTES = 2**30
"""A parent that has grown by this much since its first fork is replaced."""


class WarmKeep:
    """At most one warm parent at a time. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parent: WarmParent | None = None
        self._first_bytes = 0

    def begin(self) -> None:
        """Start the parent unless there is one; returns before it has imported anything."""
        if _shared():
            return
        with self._lock:
            self._begin()

    def address(self) -> str | None:
        """Return the socket of a parent that is fit to fork, or None where this system has no fork.

        It is that of the parent which this process's own environment names, while that is there.
        """
        shared = _shared()
        if shared:
            return shared
        with self._lock:
            if self._parent is not None and self._unfit(self._parent):
                self._parent.close()
                self._parent = None
            self._begin()
            if self._parent is None:
                return None
            self._parent.asked += 1
            return self._parent.address

    def close(self) -> None:
        """End the parent; what it forked goes on."""
        with self._lock:
            if self._parent is not None:
                self._parent.close()
                self._parent = None

    def _begin(self) -> None:
        if self._parent is None and hasattr(os, "fork"):
            environment = environment_of({})
            environment.pop(WARM_PARENT, None)
            self._parent = WarmParent(*MODULES, later=LATER, environment=environment)
            self._first_bytes = 0

    def _unfit(self, parent: WarmParent) -> bool:
        if parent.ended():
            return True
        now = _resident_bytes(parent.pid)
        if not parent.asked:
            return False
        if not self._first_bytes:
            self._first_bytes = now
        return now - self._first_bytes > GROWTH_MARK_BYTES


def _shared() -> str | None:
    named = os.environ.get(WARM_PARENT)
    return named if named and Path(named).exists() else None


def _resident_bytes(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
