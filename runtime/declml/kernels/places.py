"""Where the kernels of this user live: one folder each, readable by nobody else.

It holds the agent's socket and the kernel's own, so its path must be short: a socket's may have about a hundred
characters.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from declml.errors import UserProblem

AGENT, CONNECTION, SOCKETS, IPYTHON, LOG, ABOUT = "agent", "kernel.json", "k", "ipython", "kernel.log", "about.json"
KERNELS_HOME = "DECLML_KERNELS"
"""The environment variable that names another folder for the kernels."""

_LONGEST_SOCKET_PATH = 96
_KEY_LENGTH = 12


def kernels_home() -> Path:
    """Return the folder of all kernels of this user, made with mode 0700.

    A `UserProblem` when it cannot be made or belongs to somebody else.
    """
    named = os.environ.get(KERNELS_HOME)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if named:
        home = Path(named).absolute()
    elif runtime and os.access(runtime, os.W_OK):
        home = Path(runtime) / "declml"
    else:
        home = Path.home() / ".local" / "state" / "declml" / "kernels"
    if len(str(home)) + _KEY_LENGTH + len(f"//{SOCKETS}-5") > _LONGEST_SOCKET_PATH:
        home = Path(tempfile.gettempdir()) / f"declml-{os.getuid()}"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = home.stat()
        if facts.st_uid == os.getuid() and stat.S_IMODE(facts.st_mode) != 0o700:
            home.chmod(0o700)
    except OSError as error:
        raise UserProblem(
            "kernel-folder",
            f"{home} must be a folder that can be written; got: {(error.strerror or str(error)).lower()}.",
            hint=f"Name another one in {KERNELS_HOME}, or train without a kernel: --kernel local",
        ) from error
    if facts.st_uid != os.getuid():
        raise UserProblem(
            "kernel-folder",
            f"{home} must belong to you; it belongs to another user.",
            hint=f"Name another folder in {KERNELS_HOME}.",
        )
    return home
