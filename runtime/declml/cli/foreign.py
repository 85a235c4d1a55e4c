"""Commands that other installed packages bring: the entry points of one group, read without `importlib.metadata`.

That module costs as much processor time as all of `declml --help`; the files that it reads are a few lines each.
"""

from __future__ import annotations

import sys
from pathlib import Path


def entry_points(group: str) -> dict[str, str]:
    """Return name -> ``module:attribute`` of the entry points of ``group``, of every distribution on ``sys.path``.

    The first distribution on the path wins, as with imports. What cannot be read is left out.
    """
    found: dict[str, str] = {}
    for folder in map(Path, sys.path):
        try:
            files = sorted(folder.glob("*.*-info/entry_points.txt"))
        except OSError:
            continue
        for file in files:
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            if group in text:
                for name, place in _of_group(text, group).items():
                    found.setdefault(name, place)
    return found


def _of_group(text: str, group: str) -> dict[str, str]:
    found: dict[str, str] = {}
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == group and "=" in line and not line.startswith(("#", ";")):
            name, _, place = line.partition("=")
            found[name.strip()] = place.partition("[")[0].strip()
    return found
