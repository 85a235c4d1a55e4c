"""What a run's record holds about the world it ran in: environment, hardware, git state, plug-ins.

Nothing here imports torch: versions come from package metadata, the device's name from whoever opened it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from declml.run.files import file_hash

_SECRET = re.compile(r"(token=)[^&\s]+")

RECORD_FORMAT = 1
"""Rises when an older declml could no longer read a record rightly."""


def environment() -> dict[str, Any]:
    """Return Python, operating system and the version of every installed distribution: enough for a lock file."""
    # `each.metadata` parses the file anew each time it is asked for: a hundred distributions take a while.
    described = [each.metadata for each in metadata.distributions()]
    packages = {each["Name"].lower(): each["Version"] for each in described if each["Name"]}
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "os": platform.platform(),
        "packages": dict(sorted(packages.items())),
    }


def hardware() -> dict[str, Any]:
    """Return the processor, its cores and the memory of this machine, in bytes."""
    return {
        "host": platform.node(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def git_state(folder: Path) -> tuple[dict[str, Any] | None, str]:
    """Return the commit, branch and dirtiness of the checkout that holds ``folder``, and the diff against that commit.

    ``(None, "")`` outside a git checkout, in one without a commit, or where git is not installed.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, ""
    diff = _git(folder, "diff", "HEAD") or ""
    status = _git(folder, "status", "--porcelain") or ""
    return {
        "commit": commit.strip(),
        "branch": (_git(folder, "rev-parse", "--abbrev-ref", "HEAD") or "").strip(),
        "dirty": bool(status.strip()),
        "untracked": [line[3:] for line in status.splitlines() if line.startswith("??")][:100],
        "diff_sha256": hashlib.sha256(diff.encode()).hexdigest() if diff else None,
    }, diff


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            timeout=20,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode(errors="replace")


def plugin_hashes(names: Sequence[str], files: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of each plug-in file, by its name in the config, such as ``lib/ours.py``."""
    return {name: file_hash(file) for name, file in zip(names, files, strict=True)}


def code_identity(plugins: Mapping[str, str], version: str) -> str:
    """Return the identity of the code that acts on a run: declml's version and the sources of its plug-ins."""
    text = "\n".join([f"declml {version}", *(f"{name} {digest}" for name, digest in sorted(plugins.items()))])
    return hashlib.sha256(text.encode()).hexdigest()


def command_line() -> list[str]:
    """Return how this process was called: the program's name alone instead of its path, and no secret of an address."""
    return [Path(sys.argv[0]).name, *(_SECRET.sub(r"\1***", each) for each in sys.argv[1:])] if sys.argv else []
