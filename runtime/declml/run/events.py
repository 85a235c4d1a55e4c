"""Writes the event stream of a run: one line an event, numbered without a gap, visible to readers at once."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from declml.run.files import storage_problem
from declml_schema.events import KINDS, encode_event

_RESERVE_BYTES = 65_536


class EventWriter:
    """Appends events to ``events.jsonl``; opened on a run that goes on, it continues the numbering.

    An unfinished last line, left by a process that was killed while writing, is cut off first. A small reserve file
    is given up when the disk is full, so that the last events can still say so.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reserve = path.with_name(".reserve")
        self._next = 0
        self._end = 0
        try:
            if path.exists():
                self._next, self._end = _whole_lines(path)
                with path.open("r+b") as file:
                    file.truncate(self._end)
            self._reserve.write_bytes(b"\0" * _RESERVE_BYTES)
            # Unbuffered: a line is either in the file or not, and a reader sees it at once.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise storage_problem(error, path) from error

    def emit(self, kind: str, **fields: Any) -> None:
        """Append one event. An unknown kind or field is a programmer's mistake and raises at once."""
        unknown = fields.keys() - KINDS[kind].fields.keys()
        if unknown:
            raise ValueError(f"event {kind!r} has no field {sorted(unknown)}")
        event = {"seq": self._next, "time": round(time.time(), 3), "kind": kind, **fields}
        line = (encode_event(event) + "\n").encode()
        try:
            self._append(line)
        except OSError as error:
            if not self._reserve.exists():
                raise storage_problem(error, self._path) from error
            self._reserve.unlink()
            self._append(line)
            self._took(line)
            raise storage_problem(error, self._path) from error
        self._took(line)

    def _took(self, line: bytes) -> None:
        self._end += len(line)
        self._next += 1

    def _append(self, line: bytes) -> None:
        written = 0
        try:
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError:
            self._file.truncate(self._end)
            raise

    def close(self) -> None:
        """Close the file and give the reserve back; the writer is of no use afterwards."""
        self._file.close()
        with contextlib.suppress(OSError):
            self._reserve.unlink(missing_ok=True)


def _whole_lines(path: Path) -> tuple[int, int]:
    """Return the number of the next event and where the last finished line ends; kinds of a newer version count too."""
    lines = path.read_bytes().splitlines(keepends=True)
    finished = lines if not lines or lines[-1].endswith(b"\n") else lines[:-1]
    for line in reversed(finished):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return int(json.loads(line)["seq"]) + 1, sum(map(len, finished))
    return 0, sum(map(len, finished))
