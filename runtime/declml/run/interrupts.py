"""Turns SIGINT and SIGTERM into a clean stop: at once while data are prepared, between two steps while training."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Whether someone asked this process to stop.

    Outside `polled` a signal raises `KeyboardInterrupt` where it lands; inside, it sets ``requested``, which the loop
    reads after each step, and only a second signal raises. Between `install` and `heed` it is kept too: nothing is open
    yet in which the stop could be told.
    """

    def __init__(self) -> None:
        self.requested = False
        self._polled = False

    def install(self) -> None:
        """Take over SIGINT and SIGTERM of this process, and keep what comes for `heed`."""
        self._polled = True
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    def heed(self) -> None:
        """Raise `KeyboardInterrupt` for a signal that came since `install`, and from here on where one lands."""
        self._polled = False
        if self.requested:
            raise KeyboardInterrupt

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if self._polled and not self.requested:
            self.requested = True
            return
        self.requested = True
        raise KeyboardInterrupt

    @contextmanager
    def polled(self) -> Generator[None]:
        """While inside, the code promises to read ``requested`` often."""
        self._polled = True
        try:
            yield
        finally:
            self._polled = False
