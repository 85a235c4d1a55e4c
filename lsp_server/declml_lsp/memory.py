"""Answers remembered for as long as the files behind them stay as they were, the longest unused forgotten first."""

from __future__ import annotations

import glob
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from declml_schema.problems import Problem

Stamps: TypeAlias = tuple[tuple[str, int, int], ...]
"""Path, size and time of change in nanoseconds of each file; -1 twice for one that is not there."""


@dataclass(eq=False)
class Entry:
    """One question and what became of it.

    ``value`` is the newest answer, None without one; it stands until the next, also while that is being computed.
    ``answered`` says whether there was any, be it a failure. ``uris`` are the documents that asked.
    """

    message: Mapping[str, Any]
    folder: Path
    files: Sequence[str]
    answered: bool = False
    value: Any = None
    problems: tuple[Problem, ...] = ()
    uris: set[str] = field(default_factory=set[str])
    stamps: Stamps | None = None
    looked: float = float("-inf")
    """When its files were last to be looked at, on the monotonic clock."""


class Memory:
    """At most ``most`` entries by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()

    def get(self, key: Hashable) -> Entry | None:
        """Return an entry, which then counts as used, or None."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: Hashable, entry: Entry) -> Entry:
        """Remember an entry and return it."""
        self._entries[key] = entry
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)
        return entry

    def entries(self) -> list[Entry]:
        """Return all entries."""
        return [*self._entries.values()]

    def __len__(self) -> int:
        return len(self._entries)


def stamps_of(folder: Path, files: Sequence[str]) -> Stamps:
    """Return the stamps of what paths and patterns name, relative to ``folder``, as a config does."""
    found: list[tuple[str, int, int]] = []
    for each in files:
        with suppress(ValueError, RuntimeError):  # a null character, a home that nobody has
            path = folder / Path(each).expanduser()
            matches = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(each) else []  # noqa: PTH207 - takes absolute patterns
            found += [_stamp(name) for name in matches or [str(path)]]
    return tuple(found)


def _stamp(name: str) -> tuple[str, int, int]:
    try:
        stat = Path(name).stat()
    except (OSError, ValueError):
        return name, -1, -1
    return name, stat.st_size, stat.st_mtime_ns
