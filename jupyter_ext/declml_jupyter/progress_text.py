"""What stands beside a widget as text: how the training goes, for a reader whose page shows no widgets."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

from declml.cli.progress import LineProgress

PATIENCE_SECONDS = 8.0
"""So long a page may take to load what shows widgets."""
_LONGEST_SECONDS = 60.0
_MOST_LINES = 40

OPENING = "A training of declml, which goes on without this page and kernel: %declml attach latest"


class ProgressText:
    """The lines of one training, and when it is time to put them into its output.

    A page that shows the widget says so, and nothing is due from then on. A new text makes a page begin anew with the
    output: one that is still loading what shows widgets must not be disturbed often, so each text waits twice as long
    as the one before.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wait = PATIENCE_SECONDS
        self._due = clock() + self._wait
        self._lines = StringIO()
        self._progress = LineProgress(self._lines)
        self._told = ""

    def take(self, event: Mapping[str, Any]) -> str | None:
        """Take one event; return the text where it is time to show it."""
        self._progress.take(event)
        return self._when_due()

    def notice(self, text: str) -> str | None:
        """Take what is no event of the run; return the text where it is time to show it."""
        self._progress.notice(text)
        return self._when_due()

    def _when_due(self) -> str | None:
        if self._clock() < self._due:
            return None
        text = self._text()
        if text == self._told:
            return None
        self._due = self._clock() + self._wait
        self._wait = min(2 * self._wait, _LONGEST_SECONDS)
        self._told = text
        return text

    def _text(self) -> str:
        lines = self._lines.getvalue().splitlines()
        earlier = [f"({len(lines) - _MOST_LINES} lines more)"] if len(lines) > _MOST_LINES else []
        return "\n".join([OPENING, *earlier, *lines[-_MOST_LINES:]])
