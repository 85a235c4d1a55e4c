"""Deletes runs so that it can be undone: they are moved into ``.trash`` beside the experiments.

A deleted run lies in ``.trash/EXPERIMENT~RUN~MILLISECONDS``, the time of its deletion since 1970: its folder as it was.
No listing looks there. What was deleted 30 days ago goes for good with the next deletion.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from declml.errors import RunNotFound, UserProblem
from declml.runs.folder import Run, run_number

TRASH = ".trash"
KEPT_DAYS = 30
_SEPARATOR = "~"
_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Deleted:
    """A run in the trash: who it was, where it lies now, and when it was deleted, in seconds since 1970."""

    id: str
    experiment: str
    path: Path
    at: float

    @property
    def origin(self) -> Path:
        """Where it was, and where `restore` puts it."""
        return self.path.parent.parent / self.experiment / self.id


def discard(run: Run, *, now: float | None = None) -> Deleted:
    """Move a run into the trash of its root; a `UserProblem` while it trains. ``now`` is in seconds since 1970."""
    if run.status == "running":
        raise UserProblem(
            "run-is-running", f"Run {run.id} must have ended before it is deleted.", hint=f"declml stop {run.id}"
        )
    at = time.time() if now is None else now
    experiment, name = run.path.parent.name, run.path.name
    trash = run.path.parent.parent / TRASH
    target = trash / _SEPARATOR.join((experiment, name, str(int(at * 1000))))
    try:
        trash.mkdir(exist_ok=True)
        _purge(trash, at)
        run.path.rename(target)
    except OSError as error:
        raise UserProblem(
            "unwritable-path", f"{run.path} must be a folder that can be moved; got: {error.strerror}."
        ) from error
    return Deleted(name, experiment, target, at)


def deleted_runs(root: Path) -> list[Deleted]:
    """Return what lies in the trash of ``root``, the last deleted first; a folder with another name is no run."""
    trash = root / TRASH
    found = [_read(each) for each in trash.iterdir()] if trash.is_dir() else []
    return sorted((each for each in found if each is not None), key=lambda each: -each.at)


def restore(root: Path, name: str) -> Deleted:
    """Put back the run that ``name`` means: its id, its number, the start of its id, or ``latest``, the last deleted.

    Of a run that was deleted twice the last one is meant. `RunNotFound` names what is there when nothing or more than
    one run fits; a `UserProblem` when another run has taken its place.
    """
    found = _named(root, name)
    origin = found.origin
    if origin.exists():
        raise UserProblem("run-is-there", f"{origin} must be free for the run to come back; there is one again.")
    try:
        origin.parent.mkdir(exist_ok=True)
        found.path.rename(origin)
    except OSError as error:
        raise UserProblem(
            "unwritable-path", f"{found.path} must be a folder that can be moved; got: {error.strerror}."
        ) from error
    return found


def _named(root: Path, name: str) -> Deleted:
    there = deleted_runs(root)
    if not there:
        raise RunNotFound(f"There are no deleted runs in {root}.")
    if name == "latest":
        return there[0]
    fitting = [each for each in there if each.id == name]
    if not fitting and name.isascii() and name.isdecimal():
        fitting = [each for each in there if run_number(each.id) == int(name)]
    if not fitting and name:
        fitting = [each for each in there if each.id.startswith(name)]
    if len({each.origin for each in fitting}) == 1:
        return fitting[0]
    listed = ", ".join(f"{each.id} ({each.experiment})" for each in (fitting or there)[:10])
    if fitting:
        raise RunNotFound(f"{name!r} must name one deleted run; it fits {listed}.")
    raise RunNotFound(f"There is no deleted run {name!r} in {root}. There are: {listed}.")


def _read(path: Path) -> Deleted | None:
    experiment, _, rest = path.name.partition(_SEPARATOR)
    name, _, at = rest.rpartition(_SEPARATOR)
    if not (experiment and name and at.isascii() and at.isdecimal()):
        return None
    return Deleted(name, experiment, path, int(at) / 1000)


def _purge(trash: Path, now: float) -> None:
    for each in trash.iterdir():
        deleted = _read(each)
        if deleted is not None and now - deleted.at > KEPT_DAYS * _DAY_SECONDS:
            # What cannot be removed now is tried again at the next deletion.
            shutil.rmtree(each, ignore_errors=True)
