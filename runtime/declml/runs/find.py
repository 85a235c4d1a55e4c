"""Finds the run that a name means: an id, a number, a prefix, `latest`, or the path of a folder."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from declml.errors import RunNotFound, UserProblem
from declml.runs.folder import RECORD, Run, open_run, run_number


def find(root: Path | str, name: str | Path) -> Run:
    """Return the one run that ``name`` means among the runs of ``root``.

    `RunNotFound` names the candidates when there are several and the nearest ids when there is none. `UserProblem` when
    the run is there and cannot be read.
    """
    root = Path(root)
    text = str(name).strip()
    if isinstance(name, Path) or os.sep in text or (Path(text) / RECORD).exists():
        return _at(Path(text).expanduser())
    folders = run_folders(root)
    if not folders:
        raise RunNotFound(
            f"There are no runs in {root} yet. `declml train CONFIG` makes one; --runs says where else to look."
        )
    if text == "latest":
        return open_run(folders[-1])
    candidates = _matching(folders, text)
    if len(candidates) == 1:
        return open_run(candidates[0])
    if candidates:
        listed = ", ".join(f"{each.name} ({each.parent.name})" for each in candidates[:10])
        more = f" and {len(candidates) - 10} more" if len(candidates) > 10 else ""
        raise RunNotFound(
            f"{text!r} must name one run; it fits {listed}{more}. Write more of the id, or the folder's path."
        )
    near = _nearest(folders, text)
    raise RunNotFound(
        f"There is no run {text!r} in {root}. The nearest: {', '.join(near)}. `declml runs list` shows all."
    )


def run_folders(root: Path | str) -> list[Path]:
    """Return every run folder under ``root``, the oldest first; a folder without a record is none."""
    return sorted(_scan(Path(root)), key=lambda path: (run_number(path.name), path.name, path.parent.name))


def readable_runs(root: Path | str) -> list[Run]:
    """Return the runs under ``root`` that this declml can read, the oldest first."""
    answer: list[Run] = []
    for path in run_folders(root):
        try:
            answer.append(open_run(path))
        except UserProblem:
            continue  # damaged, or of a newer version: `runs list` shows those as such
    return answer


def _scan(root: Path) -> Iterator[Path]:
    for experiment in _folders(root):
        for folder in _folders(experiment):
            if (folder / RECORD).exists():
                yield folder


def _folders(path: Path) -> Iterator[Path]:
    try:
        with os.scandir(path) as entries:
            yield from [Path(each.path) for each in entries if not each.name.startswith(".") and each.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError as error:
        raise UserProblem(
            "run-unreadable", f"{path} must be a folder that can be read; got: permission denied."
        ) from error


def _at(path: Path) -> Run:
    if path.name == RECORD:
        path = path.parent
    if not (path / RECORD).exists():
        what = "there is no such folder" if not path.exists() else f"it has no {RECORD}"
        raise RunNotFound(f"{path} must be a run folder; {what}.")
    return open_run(path)


def _matching(folders: list[Path], text: str) -> list[Path]:
    exact = [each for each in folders if each.name == text]
    if exact:
        return exact
    if text.isascii() and text.isdecimal():
        numbered = [each for each in folders if run_number(each.name) == int(text)]
        if numbered:
            return numbered
    return [each for each in folders if text and each.name.startswith(text)]


def _nearest(folders: list[Path], text: str) -> list[str]:
    names = [each.name for each in reversed(folders)]
    return difflib.get_close_matches(text, names, n=3, cutoff=0.4) or names[:3]
