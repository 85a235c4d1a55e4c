"""Who may train next on a kernel whose users want one run at a time: first come, first served.

A ticket is a text that its holder made up. It is dropped when its holder does not ask for a while, so a client that was
killed while it waited holds nobody up.
"""

from __future__ import annotations

import threading
import time

FORGOTTEN_SECONDS = 5.0


class Turns:
    """The line of waiting tickets. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[str, float] = {}

    def ahead(self, ticket: str) -> list[str]:
        """Return the tickets before this one; it joins the end of the line when it is new."""
        now = time.monotonic()
        with self._lock:
            self._asked[ticket] = now
            for each, last in list(self._asked.items()):
                if now - last > FORGOTTEN_SECONDS:
                    del self._asked[each]
            names = list(self._asked)
            return names[: names.index(ticket)]

    def leave(self, ticket: str) -> None:
        """Take a ticket out of the line: its holder trains, or gave up."""
        with self._lock:
            self._asked.pop(ticket, None)
