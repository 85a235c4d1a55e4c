"""One process trains a run at a time: a lock of the system on its folder, gone with the process that holds it.

A status says who trained last; only a lock tells apart two that begin at once.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from declml.errors import UserProblem
from declml.run.folder import RunFolder
from declml.runs.alive import is_alive
from declml.runs.folder import open_run

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LAST_WORDS_SECONDS = 1.0
"""How long a process that has said its last word may take to let go."""


def take_lock(folder: RunFolder, *, wait_seconds: float = _LAST_WORDS_SECONDS) -> BaseFileLock | None:
    """Return the lock on a run's folder, or None when another process holds it.

    It is held until it is released or this process ends, however it ends. Where a file system knows no locks, that is
    said on standard error and nothing is kept from running.
    """
    # Imported here: a config that is only checked, and a run that is only read, need no lock.
    from filelock import FileLock, Timeout

    lock = FileLock(folder.lock)
    try:
        lock.acquire(timeout=wait_seconds, poll_interval=0.02)
        folder.lock.write_text(str(os.getpid()))
    except Timeout:
        return None
    except OSError as error:
        print(f"no lock on {folder.lock}: {error}", file=sys.stderr)  # noqa: T201 - the process's log
    return lock


def require_free(folder: RunFolder) -> None:
    """Raise a `UserProblem` that names the process when one trains this run now."""
    lock = take_lock(folder)
    if lock is None:
        raise taken_problem(folder)
    lock.release()


def taken_problem(folder: RunFolder) -> UserProblem:
    """Return the problem of a run that another process trains."""
    process = holder(folder)
    who = f"process {process} trains" if process is not None else "another process trains"
    return UserProblem(
        "run-running",
        f"A run to resume must not be running; got {folder.id}, which {who}.",
        hint="Wait for it, or stop it: it writes a checkpoint first.",
    )


def holder(folder: RunFolder) -> int | None:
    """Return the process that holds the lock, as it wrote down, or as the record says."""
    named: list[object] = []
    with suppress(OSError, ValueError):
        named.append(int(folder.lock.read_text()))
    with suppress(UserProblem):
        named.append(open_run(folder.path).record.get("process"))
    return next((each for each in named if isinstance(each, int) and is_alive(each)), None)
