"""The events of one run, thinned to what a view can show: bounded, however long the run is.

A view that comes late is told the digest instead of all that was said. It holds real events, so whoever reads it reads
what stands in the run's ``events.jsonl``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Event: TypeAlias = Mapping[str, Any]

MOST_POINTS = 1000
"""How many events are kept of each curve: a picture has fewer columns."""
MOST_LINES = 200
"""How many log lines and problems are kept; of more, the first and the last ones."""


class Digest:
    """What a view is told of a run. `take` each event in order; `events` returns those that are kept, in order."""

    def __init__(self) -> None:
        self.last_seq = -1
        self.run = ""
        self.experiment = ""
        self._points: dict[str, list[Event]] = {}
        self._lines: list[Event] = []
        self._rest: dict[str, Event] = {}

    def take(self, event: Event) -> None:
        """Take one more event."""
        kind = str(event.get("kind"))
        self.last_seq = max(self.last_seq, int(event.get("seq", self.last_seq + 1)))
        if kind == "run_started":
            self._begin(event)
        elif kind == "step":
            self._add("step", event)
        elif kind == "metrics":
            self._add(f"metrics {event.get('split')}", event)
        elif kind in {"log", "problem"}:
            self._lines.append(event)
            if len(self._lines) > MOST_LINES:
                del self._lines[MOST_LINES // 2]
        else:
            self._rest[_key(kind, event)] = event

    def events(self) -> list[Event]:
        """Return the events that are kept, in the order in which they were told."""
        kept = [*self._rest.values(), *self._lines, *(each for points in self._points.values() for each in points)]
        return sorted(kept, key=lambda each: int(each.get("seq", 0)))

    def find(self, kind: str) -> Event | None:
        """Return the latest event of a kind that happens once, None where there was none."""
        return self._rest.get(kind)

    def _begin(self, event: Event) -> None:
        self.run, self.experiment = str(event.get("run", "")), str(event.get("experiment", ""))
        # What was said of steps after the one that a run goes on from did not happen.
        last = event.get("resumed_from_step")
        last = -1 if last is None else int(last)
        self._points = {
            name: [each for each in points if int(each.get("step", 0)) <= last] for name, points in self._points.items()
        }
        self._rest = {"run_started": event}

    def _add(self, name: str, event: Event) -> None:
        points = self._points.setdefault(name, [])
        points.append(event)
        if len(points) > MOST_POINTS:
            # Every second one goes, but never the first and the last.
            self._points[name] = [*points[:-1:2], points[-1]]


def _key(kind: str, event: Event) -> str:
    """Return under which name an event replaces an earlier one of its kind."""
    for field in ("stage", "split"):
        if field in event:
            return f"{kind} {event[field]}"
    return kind
