"""Whose plug-in code may run: a config's ``code:`` is executed only in folders that the user has said yes to.

A config can come from anywhere, and reading, checking or showing it must not run what it names. A yes holds for a
folder and all below it, is kept in the user's own settings, and never in the project.
"""

from __future__ import annotations

import os
from pathlib import Path

from declml.errors import UserProblem
from declml.whole_files import write_whole

TRUST = "DECLML_TRUST"
"""The environment variable with more trusted folders, separated as in PATH: for an editor that has its own trust, and
for CI."""


def is_trusted(path: Path) -> bool:
    """Return whether code of the file or folder ``path`` may run."""
    real = path.expanduser().resolve()
    return any(real == each or each in real.parents for each in (*_of_environment(), *trusted_folders()))


def trusted_folders() -> list[Path]:
    """Return the folders that the user said yes to, sorted."""
    try:
        lines = _file().read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return sorted(Path(each) for each in lines if each.strip())


def trust(folder: Path) -> Path:
    """Say yes to a folder and return it as it was written down."""
    real = folder.expanduser().resolve()
    if not real.is_dir():
        raise UserProblem("trust-folder", f"A folder to trust must exist; got {real}.")
    _write({*trusted_folders(), real})
    return real


def distrust(folder: Path) -> None:
    """Take a yes back; a `UserProblem` when there was none for exactly this folder."""
    real = folder.expanduser().resolve()
    folders = trusted_folders()
    if real not in folders:
        listed = ", ".join(map(str, folders)) or "none"
        raise UserProblem(
            "trust-folder", f"A folder to distrust must be trusted; got {real}.", hint=f"Trusted are: {listed}."
        )
    _write({*folders} - {real})


def untrusted_problem(file: Path, *, path: str = "") -> UserProblem:
    """Return the problem of a plug-in that may not run; ``path`` is its place in the config."""
    return UserProblem(
        "untrusted-code",
        f"The plug-in '{file.name}' must lie in a folder that you trust, since it runs as Python; got one that you have"
        " not said yes to.",
        path=path,
        hint=f"Read it, then: declml trust {file.expanduser().resolve().parent}",
    )


def _of_environment() -> list[Path]:
    return [Path(each).resolve() for each in os.environ.get(TRUST, "").split(os.pathsep) if each]


def _file() -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder) / "declml" / "trusted-folders"


def _write(folders: set[Path]) -> None:
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(f"{each}\n" for each in sorted(folders)))
