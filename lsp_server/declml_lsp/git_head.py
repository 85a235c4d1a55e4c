"""A file as git has it at HEAD, asked of git itself in a child process."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from declml.errors import UserProblem

GIT_SECONDS = 2.0
LOOK_SECONDS = 1.0
_MOST_FILES = 32


@dataclass(frozen=True, slots=True)
class Committed:
    """A file's text in the commit that HEAD is."""

    commit: str
    text: str

    @property
    def name(self) -> str:
        """How a person calls it."""
        return f"git HEAD ({self.commit[:7]})"


class GitHead:
    """Remembers by file; HEAD is asked for once a second at most, a file's text once per commit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[Path, tuple[float, Committed | None]] = OrderedDict()

    def file(self, path: Path) -> Committed:
        """Return the file at HEAD; a `UserProblem` where it is in no commit, or git is absent or slow."""
        with self._lock:
            at, known = self._known.get(path, (None, None))
            if at is None or self._clock() - at >= LOOK_SECONDS:
                known = _committed(path, known)
                self._known[path] = (self._clock(), known)
                self._known.move_to_end(path)
                while len(self._known) > _MOST_FILES:
                    self._known.popitem(last=False)
        if known is None:
            raise UserProblem(
                "not-in-git", f"To compare with git HEAD, '{path.name}' must be in a commit; git knows none."
            )
        return known


def _committed(path: Path, known: Committed | None) -> Committed | None:
    commit = _git(path, "rev-parse", "HEAD")
    if commit is None or (known is not None and known.commit == commit.strip()):
        return known if commit is not None else None
    text = _git(path, "show", f"{commit.strip()}:./{path.name}")
    return Committed(commit.strip(), text) if text is not None else None


def _git(path: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(path.parent), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=GIT_SECONDS,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf-8", errors="replace")
