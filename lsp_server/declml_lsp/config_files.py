"""The configs that lie in the workspace folders, open or not: found by name, and read as snapshots."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from declml_lsp.recognise import NAMES, is_config
from declml_lsp.snapshot import LARGEST_CHECKED, Snapshot
from declml_lsp.text import Text

MOST_FILES = 1_000
MOST_FOLDERS = 5_000
"""A larger tree is a data store or somebody's home, and no project; what is found first counts."""
FRESH_SECONDS = 5.0
"""How long it is known which files there are: editors ask every other second."""
_BYTES_OF_A_CHARACTER = 4
_OTHERS = frozenset({"node_modules", "site-packages", "__pycache__"})
_ENVIRONMENT = "pyvenv.cfg"


@dataclass
class ConfigFiles:
    """Remembers which configs there are. Used by one thread at a time."""

    clock: Callable[[], float] = time.monotonic
    marks: dict[Path, tuple[Hashable, str]] = field(default_factory=dict[Path, tuple[Hashable, str]])
    """What was said last of a file: the state that it was in, and the mark of its problems."""
    _folders: tuple[Path, ...] = ()
    _found: list[Path] = field(default_factory=list[Path])
    _until: float = float("-inf")

    def found(self, folders: Sequence[Path]) -> Sequence[Path]:
        """Return the configs in some folders and below, by folder, each once."""
        if tuple(folders) != self._folders or self.clock() >= self._until:
            self._folders = tuple(folders)
            self._found = list(dict.fromkeys(path for folder in folders for path in _configs(folder)))[:MOST_FILES]
            self.marks = {path: mark for path, mark in self.marks.items() if path in {*self._found}}
            self._until = self.clock() + FRESH_SECONDS
        return self._found


def _configs(top: Path) -> Iterator[Path]:
    count = 0
    for folder, inner, names in os.walk(top):
        count += 1
        if count > MOST_FOLDERS:
            return
        if _ENVIRONMENT in names:
            inner.clear()
            continue
        inner[:] = sorted(name for name in inner if name[0] != "." and name not in _OTHERS)
        for name in sorted(names):
            if any(fnmatch(name, pattern) for pattern in NAMES):
                yield Path(folder, name)


def read_config(path: Path, uri: str, encoding: str) -> Snapshot | None:
    """Return a file as a snapshot without a version; None for one that is switched off, too large or cannot be read."""
    try:
        if path.stat().st_size > LARGEST_CHECKED * _BYTES_OF_A_CHARACTER:
            return None
        # As an editor opens it: without the mark at its beginning, and with its own line ends.
        text = path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")
    except OSError:
        return None
    return Snapshot(uri, None, Text(text, encoding), text, path) if is_config(uri, text, language="yaml") else None
