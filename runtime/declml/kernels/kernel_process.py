"""A process that a kernel launched on this machine, with the part of `subprocess.Popen` that a launcher needs."""

from __future__ import annotations

import subprocess
import time

from declml.kernels.channel import ActFailed, Channel, ChannelLost
from declml.runs.alive import is_alive

_LOOK_SECONDS = 0.01


class KernelProcess:
    """Process ``pid``. Its exit code is told by the kernel; where that is gone too, `ended` is known and no code."""

    def __init__(self, pid: int, channel: Channel) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._began = time.time()
        self._channel = channel
        self._ended = False

    def ended(self) -> bool:
        """Return whether the process is gone."""
        if not self._ended and not is_alive(self.pid, named_at=self._began):
            self._ended = True
            try:
                self.returncode = self._channel.call("ended", {"pid": self.pid}, timeout_seconds=5.0)["code"]
            except (ActFailed, ChannelLost):
                self.returncode = None
        return self._ended

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end and return the exit code; after ``timeout`` seconds raise `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.ended():
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            time.sleep(_LOOK_SECONDS)
        return self.returncode

    def let_go(self) -> None:
        """Look after it no longer: the kernel does."""
