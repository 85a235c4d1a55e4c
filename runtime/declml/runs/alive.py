"""Whether a process of this machine is still there, and is the one that was meant."""

from __future__ import annotations

import os
from pathlib import Path

_CLOCK_SLACK_SECONDS = 5.0


def is_alive(pid: int, *, named_at: float | None = None) -> bool:
    """Return whether process ``pid`` runs here.

    Numbers of processes are used again: with ``named_at``, the seconds since 1970 when somebody wrote the number down,
    a process that was born later is not the one that was meant. A process that has ended and only waits to be
    collected counts as gone.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it exists and belongs to somebody else
    state, born = _proc(pid)
    if state in {"Z", "X"}:
        return False
    return named_at is None or born is None or born <= named_at + _CLOCK_SLACK_SECONDS


def _proc(pid: int) -> tuple[str | None, float | None]:
    """Return a process's state letter and birth in seconds since 1970, or Nones where there is no /proc."""
    try:
        # The second field, the program's name in brackets, may hold spaces and brackets itself.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = next(
            float(line.split()[1]) for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime ")
        )
        return fields[0], boot + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return None, None
