"""The live view of one run: its events go to the front end in batches, and at the end a picture takes its place."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from declml_jupyter.digest import Digest

if TYPE_CHECKING:
    from declml_jupyter.notebook_run import NotebookRun

Message: TypeAlias = Mapping[str, Any]
Send: TypeAlias = Callable[[list[Message]], None]

BETWEEN_BATCHES_SECONDS = 0.1
MOST_EVENTS = 500
"""A batch of more events is told as a snapshot: a view draws no more than that anyway."""
_OPENING_SECONDS = 3.0


class View(Protocol):
    """What shows a training: `take` is called with each event, from one thread; `end` once."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Show one event."""
        ...

    def notice(self, text: str) -> None:
        """Show what is no event of the run: that a connection was lost, or found again."""
        ...

    def end(self, run: NotebookRun | None, problem: str) -> None:
        """Show what came of it: the run where there is one, and what is wrong."""
        ...


class Batches:
    """Collects events and passes them on a few times a second, from a thread of its own.

    The thread runs in the context of the cell that made it: ipykernel tells by it which cell a message belongs to, and
    which channel answers come back on. ``send`` is called from that thread only. A view that has not said `ready` yet
    may have missed what was told: for its first seconds it is told everything anew each time.
    """

    def __init__(self, send: Send, *, path_of: Callable[[Digest], str], trigger: str = "notebook") -> None:
        self.digest = Digest()
        self.status = "starting"
        self._send = send
        self._path_of = path_of
        self._trigger = trigger
        self._pending: list[Message] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_ready = False
        self._wants_all = False
        self._notice = ""
        self._opened: float | None = None
        self._ended = False
        self._thread = threading.Thread(
            target=contextvars.copy_context().run, args=(self._run,), name="declml view", daemon=True
        )
        self._thread.start()

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event; it is told within a tenth of a second."""
        with self._lock:
            self.digest.take(event)
            self._pending.append(event)
            kind = event.get("kind")
            if kind == "run_started":
                self.status = "running" if self.status != "stopping" else self.status
                self._wants_all = True
            elif kind == "run_finished":
                self.status = str(event.get("status", "finished"))
        self._wake.set()

    def notice(self, text: str) -> None:
        """Tell what is no event of the run."""
        with self._lock:
            self._notice = text
        self._wake.set()

    def set_status(self, status: str) -> None:
        """Tell how the run stands."""
        with self._lock:
            self.status = status
        self._wake.set()

    def ready(self) -> None:
        """Take it that a view listens from now on, and tell it everything."""
        with self._lock:
            self._is_ready, self._wants_all = True, True
        self._wake.set()

    def everything(self) -> list[Message]:
        """Return what a view that begins now must be told; nothing before the run has a name."""
        with self._lock:
            return self._everything()

    def end(self, status: str) -> None:
        """Tell the rest, then let the thread go."""
        self.set_status(status)
        self._ended = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait()
            self._wake.clear()
            self._tell()
            if not self._ended:
                time.sleep(BETWEEN_BATCHES_SECONDS)
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            if not self.digest.run:
                return  # nothing has a name yet
            now = time.monotonic()
            self._opened = now if self._opened is None else self._opened
            opening = not self._is_ready and now - self._opened < _OPENING_SECONDS
            pending, self._pending = self._pending, []
            if self._wants_all or opening or len(pending) > MOST_EVENTS:
                self._wants_all = False
                messages = self._everything()
            else:
                messages = self._news(pending)
        if messages:
            self._send(messages)

    def _news(self, pending: list[Message]) -> list[Message]:
        run = self.digest.run
        messages: list[Message] = []
        if pending:
            first, last = (int(each.get("seq", self.digest.last_seq)) for each in (pending[0], pending[-1]))
            messages.append({"type": "events", "run": run, "from_seq": first, "to_seq": last, "events": pending})
        messages.append(self._state())
        return messages

    def _everything(self) -> list[Message]:
        run = self.digest.run
        if not run:
            return []
        return [
            {"type": "init", "view": "run", "runs": [self._info()], "settings": {"smoothing": 0, "logScale": False}},
            {"type": "snapshot", "run": run, "from": 0, "to": self.digest.last_seq, "events": self.digest.events()},
            self._state(),
        ]

    def _state(self) -> Message:
        state = {"type": "state", "run": self.digest.run, "status": self.status}
        return {**state, "message": self._notice} if self._notice else state

    def _info(self) -> Message:
        begun = self.digest.find("training_started") or {}
        started = self.digest.find("run_started") or {}
        return {
            "run": self.digest.run,
            "experiment": self.digest.experiment,
            "path": self._path_of(self.digest),
            "status": self.status,
            "created": str(started.get("time", "")),
            "decides": begun.get("decides") or None,
            "value": None,
            "metrics": {},
            "seconds": None,
            "trigger": self._trigger,
        }
