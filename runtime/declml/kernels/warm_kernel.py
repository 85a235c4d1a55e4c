"""The warm kernel of this environment: found where it runs, started where it does not. One for each state of the code.

It is started independent of whoever asks: closing the terminal or killing the editor leaves it, and what it trains,
at work. It ends itself when nothing was asked of it for a while.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml.errors import UserProblem
from declml.kernels.channel import ActFailed, ChannelLost
from declml.kernels.fingerprint import fingerprint
from declml.kernels.places import ABOUT, AGENT, LOG, kernels_home
from declml.kernels.start import environment_of
from declml.kernels.stream_channel import StreamChannel, connect
from declml.runs.alive import is_alive
from declml.whole_files import write_whole

_START_SECONDS = 60.0
_LOOK_SECONDS = 0.01
_LOG_LINES = 12


@dataclass(frozen=True, slots=True)
class LocalKernel:
    """A kernel of declml on this machine, as its folder tells."""

    folder: Path
    about: Mapping[str, Any]

    @property
    def address(self) -> str:
        """The agent's socket."""
        return str(self.folder / AGENT)

    @property
    def label(self) -> str:
        """How a person knows it."""
        return str(self.about.get("label") or f"warm {self.folder.name[:6]}")

    @property
    def pid(self) -> int:
        """The kernel's process; 0 while that is not known."""
        return int(self.about.get("pid") or 0)

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return is_alive(self.pid, named_at=self.about.get("began"))


def warm_kernel(lost: Callable[[], None] | None = None) -> StreamChannel:
    """Return a channel to this environment's warm kernel, which is started when there is none.

    Kernels of older code that have nothing to do are asked to go. ``lost`` is called when it dies while the channel is
    open. A `UserProblem` when it cannot be started.
    """
    address, label = reach_warm()
    return connect(address, label=label, lost=lost)


def reach_warm() -> tuple[str, str]:
    """Return the socket and the label of this environment's warm kernel, started when there is none."""
    # Imported here: most kernels are found, not started.
    folder = kernels_home() / fingerprint()
    kernel = _running(folder)
    if kernel is None:
        from filelock import FileLock

        with FileLock(folder.with_suffix(".lock")):
            # Somebody else may have started it while we waited.
            kernel = _running(folder) or _start(folder) or _start(folder)
        if kernel is None:
            raise UserProblem(
                "kernel-start",
                "The warm kernel must start; it was killed twice before it answered: most often memory ran out.",
                hint="Train without it: --kernel local",
            )
        _retire(folder)
    return kernel.address, kernel.label


def local_kernels() -> list[LocalKernel]:
    """Return the kernels of this user that are alive on this machine."""
    found = [read_kernel(each) for each in sorted(kernels_home().iterdir()) if (each / ABOUT).exists()]
    return [each for each in found if each is not None and each.alive]


def _running(folder: Path) -> LocalKernel | None:
    kernel = read_kernel(folder)
    if kernel is None or not kernel.alive:
        return None
    try:
        connect(kernel.address, label=kernel.label).close()
    except ChannelLost:
        return None
    return kernel


def read_kernel(folder: Path) -> LocalKernel | None:
    """Return the kernel of a folder as it was written down, alive or not; None where there is none."""
    try:
        return LocalKernel(folder, json.loads((folder / ABOUT).read_text()))
    except (OSError, ValueError):
        return None


def _start(folder: Path) -> LocalKernel | None:
    """Start the kernel; None when somebody killed it meanwhile, which says nothing of whether it can start."""
    shutil.rmtree(folder, ignore_errors=True)  # what a killed one left behind
    folder.mkdir(mode=0o700)
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "declml.kernels.kernel_main", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment_of({}),
            start_new_session=True,
        )
    about = {"pid": process.pid, "began": time.time(), "python": sys.executable, "label": "warm"}
    write_whole(folder / ABOUT, json.dumps(about), mode=0o600)
    kernel = LocalKernel(folder, about)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if Path(kernel.address).exists():
            with suppress(ChannelLost):
                connect(kernel.address, label=kernel.label).close()
                process.returncode = 0  # it outlives this process on purpose, and nobody waits for it
                return kernel
        time.sleep(_LOOK_SECONDS)
    if process.poll() == -signal.SIGKILL:
        return None
    said = (folder / LOG).read_text(errors="replace").splitlines()[-_LOG_LINES:]
    if process.poll() is None:
        process.kill()
    raise UserProblem(
        "kernel-start",
        "The warm kernel must start; it ended before it answered." + "".join(f"\n    {line}" for line in said),
        hint="Train without it: --kernel local",
    )


def _retire(folder: Path) -> None:
    """Ask the kernels of the same interpreter and older code to go when they have nothing to do, and take away what
    killed ones left behind.
    """
    for each in kernels_home().iterdir():
        kernel = read_kernel(each)
        if kernel is not None and not kernel.alive:
            shutil.rmtree(each, ignore_errors=True)
    for each in local_kernels():
        if each.folder != folder and each.about.get("python") == sys.executable and each.label == "warm":
            # Closed also where it goes before it answers.
            with suppress(ChannelLost, ActFailed), closing(connect(each.address, label=each.label)) as channel:
                channel.call("shut_down", {"when_idle": True}, timeout_seconds=2.0)


def can_keep_warm() -> bool:
    """Return whether this system can fork, and has sockets of the file system."""
    return hasattr(os, "fork")
