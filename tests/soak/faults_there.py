"""Faults of trainings on kernels of other machines: a Jupyter server's and one behind an ssh."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from declml.errors import ConfigProblems
from declml.kernels.remote_project import project_of
from e2e.kernels.following import waited_for_processor
from e2e.kernels.jupyter import TOKEN
from e2e.kernels.ssh_server import kernels_in
from e2e.projects import make_project

from .rounds import CONFIG, Round, kill


def websocket_cut(it: Round) -> None:
    """The connection breaks, once or several times, for up to two seconds."""
    thread = it.begin(f"http://127.0.0.1:{it.place.relay.port}/?token={TOKEN}")
    for _ in range(it.random.randrange(1, 4)):
        it.moment()
        it.place.relay.cut(refuse=True)
        time.sleep(it.random.random() * 2.0)
        it.place.relay.mend()
    it.join(thread)


def kernel_killed(it: Round) -> None:
    """The kernel dies; its server starts it again."""
    thread = it.begin(it.place.server.url)
    it.moment(early=True)
    since, waited, busy = time.monotonic(), waited_for_processor(), bool(it.shown) and not it.done
    kill(it.place.server.kernels())
    it.join(thread)
    if busy:
        it.require_noticed(since, waited, lambda text: "does not answer" in text or "died" in text)


def far_training_killed(it: Round) -> None:
    """The training dies where it is; it is resumed there."""
    thread = it.begin(it.place.server.url)
    it.moment()
    since, waited = time.monotonic(), waited_for_processor()
    if not it.done:
        kill([it.run().record["remote"]["process"]])
    it.join(thread)
    if it.error is not None:
        it.require_killed(since, waited)
        it.resume(it.place.server.url)


def server_restarted(it: Round) -> None:
    """The server dies with its kernels and comes back after a while, on the same port and with no kernel."""
    thread = it.begin(it.place.server.url)
    it.moment()
    it.place.server.stop(kill=True)
    kill(it.place.server.kernels())
    it.place.server.start()
    it.join(thread)
    if it.error is not None:  # the kernel is gone for good: what a user does then
        it.attach()


def tunnel_cut(it: Round) -> None:
    """Every ssh connection ends."""
    assert it.place.ssh is not None
    thread = it.begin(it.place.ssh.address)
    it.moment()
    it.place.ssh.cut()
    it.join(thread)


def far_kernel_killed(it: Round) -> None:
    """The warm kernel behind an ssh dies."""
    assert it.place.ssh is not None
    thread = it.begin(it.place.ssh.address)
    it.moment(early=True)
    since, waited, busy = time.monotonic(), waited_for_processor(), bool(it.shown) and not it.done
    kill(kernels_in(it.place.ssh.folder / "k"))
    it.join(thread)
    if busy:
        it.require_noticed(since, waited, lambda text: "reconnecting" in text or "died" in text)


def disk_full(it: Round) -> None:
    """The client's disk is full for a while: a small file system of its own."""
    with small_disk(it.project.folder / "small", "600k") as small:
        project = make_project(small, CONFIG)
        shutil.copytree(project.folder, it.project.folder, dirs_exist_ok=True)
        it.project = project
        thread = it.begin(it.place.server.url)
        it.moment()
        ballast = fill(small)
        with it.news:
            it.news.wait_for(lambda: it.done, it.random.random() * 3.0)
        ballast.unlink()
        grow(small)
        it.join(thread)
        if it.error is not None:
            it.attach()
        it.check()


def far_disk_full(it: Round) -> None:
    """The disk that the run lies on is full until its training has ended; it is resumed when there is room again."""
    runs = it.place.server.root / "declml-runs" / project_of(it.project.runs)
    with small_disk(runs, "900k") as small:
        thread = it.begin(it.place.server.url)
        it.moment()
        ballast = fill(small)
        it.join(thread)
        ballast.unlink()
        grow(small)
        if it.error is not None:
            said = str(it.error.problems[-1].message if isinstance(it.error, ConfigProblems) else it.error)
            assert "room on the disk" in said, f"told as: {said}"
            assert "\n" not in said, said
            it.resume(it.place.server.url)
        it.check()


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Have a file system of that size at ``place``."""
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Take all the room that a disk has, and return the file that takes it."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(b"\0" * 4096)
            file.flush()
    return ballast


def grow(disk: Path) -> None:
    """Have room on a small disk."""
    subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
