"""Where runs and caches live: one rule for the command line, the notebook and the editor.

The project's root is the nearest folder upwards that holds a ``.declml`` folder or a git checkout, else the folder
one stands in. Runs are in ``<root>/runs``, the cache in ``<root>/.declml/cache``; ``DECLML_RUNS`` and
``DECLML_CACHE`` say otherwise.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def project_root(start: Path) -> Path:
    """Return the root of the project that ``start`` lies in."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / ".declml").is_dir() or (folder / ".git").exists():
            return folder
    return start


def start_for(config: Path | None) -> Path:
    """Return where to look from for a config: the working folder if the config lies below it, else the config's own."""
    here = Path.cwd()
    if config is None or config.absolute().is_relative_to(here):
        return here
    return config.absolute().parent


def runs_root(runs: Path | str | None = None, *, start: Path | None = None) -> Path:
    """Return the folder of all runs: ``runs`` if given, else ``DECLML_RUNS``, else the project's."""
    if runs is not None:
        return Path(runs).absolute()
    named = os.environ.get("DECLML_RUNS")
    return Path(named).absolute() if named else project_root(start or Path.cwd()) / "runs"


def cache_root(*, start: Path | None = None) -> Path:
    """Return the folder of the cache: ``DECLML_CACHE``, else the project's."""
    named = os.environ.get("DECLML_CACHE")
    return Path(named).absolute() if named else project_root(start or Path.cwd()) / ".declml" / "cache"


def experiment_name(text: str) -> str:
    """Return ``text`` as a folder's name: other characters than letters, digits, dot, dash and underscore become
    dashes.
    """
    return _UNSAFE.sub("-", text).strip("-.") or "experiment"


def experiment_of_file(path: Path) -> str:
    """Return the name of the experiment of a config file that gives none: its own name without the endings."""
    return experiment_name(path.name.removesuffix(".yaml").removesuffix(".yml").removesuffix(".declml"))
