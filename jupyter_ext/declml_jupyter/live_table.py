"""Tables of runs come to life: the list of runs and the comparison, as the front end's own view of them.

What a notebook keeps is plain HTML. Where the kernel is there and the page knows widgets, a view takes its place on the
page and is told what the runs say; when the kernel is gone, or in a file that somebody opens elsewhere, the HTML stands
as it was.
"""

from __future__ import annotations

import contextvars
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from declml_jupyter.digest import Digest, Event
from declml_jupyter.live_view import Message
from declml_jupyter.run_info import info_of, short
from declml_jupyter.widget import ViewWidget
from declml_schema.events import read_events

Compare: TypeAlias = Callable[[Sequence[Path]], Mapping[str, Any]]
"""Returns what the first message of a comparison of runs says beside them: ``changes`` and ``goals``."""

LOOK_SECONDS = 0.5
_MOST_LIVE = 8
_UNSETTLED = frozenset({"starting", "running", "stopping"})
_SETTINGS = {"smoothing": 0, "logScale": False}

_live: deque[LiveTable] = deque()


class LiveTable:
    """One table that is alive. ``paths`` are the folders of its runs, the oldest first.

    Nothing is read before a page shows it; from then on, the runs that are at work are looked at twice a second until
    they have ended. Only the latest few tables stay alive: an older one is a table of text again.
    """

    def __init__(self, paths: Sequence[Path], *, compare: Compare, is_list: bool) -> None:
        self._followed = [_Followed(path, is_short=is_list) for path in paths]
        self._compare = compare
        self._is_list = is_list
        self._context = contextvars.copy_context()  # messages belong to the cell that made the table
        self._lock = threading.Lock()
        self._wanted: list[tuple[_Followed, ...]] = []
        self._compared: tuple[_Followed, ...] = ()
        self._is_busy = False
        self._closed = threading.Event()
        self._widget = ViewWidget(on_message=self._message, place=secrets.token_hex(8))
        _live.append(self)
        while len(_live) > _MOST_LIVE:
            _live.popleft().close()

    def around(self, html: str) -> str:
        """Return the HTML that stands where the table is not alive, marked so that a page can put the view there."""
        return f'<div data-declml-live="{self._widget.place}">{html}</div>'

    def close(self) -> None:
        """Make it a table of text again."""
        self._closed.set()
        self._widget.close()

    def _message(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ready":
            self._want(())
        elif kind == "overlay" and self._is_list:
            chosen = {str(each) for each in message.get("runs", ())}
            self._want(tuple(each for each in self._followed if each.run in chosen))

    def _want(self, compared: tuple[_Followed, ...]) -> None:
        """Have everything told: of the table, or of the runs that are to be compared under it."""
        with self._lock:
            self._wanted.append(compared)
            if self._is_busy:
                return
            self._is_busy = True
        run = self._context.copy().run
        threading.Thread(target=run, args=(self._follow,), name="declml table", daemon=True).start()

    def _follow(self) -> None:
        while not self._closed.is_set():
            with self._lock:
                wanted, self._wanted = self._wanted, []
            for compared in wanted:
                self._begin(compared)
            if not wanted:
                self._go_on()
            with self._lock:
                shown = (*self._followed, *self._compared)
                if not self._wanted and not any(each.status in _UNSETTLED for each in shown):
                    self._is_busy = False
                    return
            self._closed.wait(LOOK_SECONDS)

    def _begin(self, compared: tuple[_Followed, ...]) -> None:
        if compared:
            # A comparison draws whole curves; what the list keeps of them is too little.
            self._compared = tuple(_Followed(each.path, is_short=False) for each in compared)
            self._tell(self._everything(self._compared, is_list=False), to="compare")
        else:
            self._compared = ()
            self._tell(self._everything(self._followed, is_list=self._is_list))

    def _everything(self, followed: Sequence[_Followed], *, is_list: bool) -> list[Message]:
        snapshots = [each.everything() for each in followed]
        more = {} if is_list else self._compare([each.path for each in followed])
        opening = {"type": "init", "view": "run" if is_list else "compare", "settings": _SETTINGS, **more}
        return [{**opening, "runs": [each.info for each in followed]}, *snapshots]

    def _go_on(self) -> None:
        self._tell([message for each in self._followed for message in each.news()])
        self._tell([message for each in self._compared for message in each.news()], to="compare")

    def _tell(self, messages: list[Message], *, to: str = "") -> None:
        if messages and not self._closed.is_set():
            self._widget.send({"messages": messages, "to": to})


class _Followed:
    """One run of a table, and how far its events have been read."""

    def __init__(self, path: Path, *, is_short: bool) -> None:
        self.path = path
        self.run = path.name
        self.info: dict[str, Any] = {}
        self._is_short = is_short
        self._offset = 0

    @property
    def status(self) -> str:
        """How the run stood when it was looked at last; empty before."""
        return str(self.info.get("status", ""))

    def everything(self) -> Message:
        """Read it from its first event on and return what a view is told of that."""
        self.info, self._offset = info_of(self.path), 0
        digest = Digest()
        for event in self._unread():
            digest.take(event)
        return {
            "type": "snapshot",
            "run": self.run,
            "from": 0,
            "to": digest.last_seq,
            "events": self._cut(digest.events()),
        }

    def news(self) -> list[Message]:
        """Return what is new since the last look, of a run that was at work then."""
        if self.status not in _UNSETTLED:
            return []
        before, self.info = self.info, info_of(self.path)
        messages: list[Message] = []
        if events := list(self._unread()):
            first, last = (int(each.get("seq", 0)) for each in (events[0], events[-1]))
            batch = {"run": self.run, "from_seq": first, "to_seq": last, "events": self._cut(events)}
            messages.append({"type": "events", **batch})
        if self.info != before:
            messages.append({"type": "state", "run": self.run, "status": self.status, "info": self.info})
        return messages

    def _cut(self, events: list[Event]) -> list[Event]:
        return short(events, self.info["decides"]) if self._is_short else events

    def _unread(self) -> Iterator[Event]:
        with suppress(OSError):  # it has not begun, or somebody has just deleted it
            for offset, event in read_events(self.path / "events.jsonl", self._offset):
                self._offset = offset
                yield event
