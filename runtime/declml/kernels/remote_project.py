"""The name under which the runs of one project of one machine are kept on another one."""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def project_of(runs: Path) -> str:
    """Return a name for the runs in the folder ``runs``: readable, and another one for another folder or machine."""
    digest = hashlib.sha256(f"{platform.node()}\n{runs.absolute()}".encode()).hexdigest()
    readable = _UNSAFE.sub("-", runs.absolute().parent.name).strip("-") or "project"
    return f"{readable}-{digest[:8]}"
