"""Faults at random moments of trainings on kernels: after each nothing may be lost, doubled or other than undisturbed.

By hand: ``python tests/soak/kernels.py --rounds 100 --seed 1``, or ``make soak ROUNDS=100``. Each round trains the same
config on a real kernel, lets one fault happen at a random moment, follows the run to its end (attaching or resuming as
a user would), and compares: the events that were shown, each once and in order, with the file on the other side, byte
for byte; and the weights with those of an undisturbed run. The first difference ends the soak with exit code 1.

A fault is a function in `FAULTS` that takes a `Round`. Those of a kernel on this machine go there too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import declml
from declml.errors import DeclmlError
from declml.run.attaching import attach_run
from declml.runs.folder import Run, open_run
from e2e.kernels.jupyter import TOKEN, JupyterServer, jupyter_server
from e2e.kernels.relay import Relay
from e2e.kernels.ssh_server import SshServer, kernels_in, ssh_server
from e2e.projects import SMALL_CONFIG, Project, make_project

EPOCHS = 60
CONFIG = SMALL_CONFIG.replace("epochs: 3", f"epochs: {EPOCHS}, early_stop: -1")
_LONGEST_WAIT = 120.0


@dataclass
class Place:
    """The servers of a soak, and what an undisturbed run comes to."""

    folder: Path
    server: JupyterServer
    relay: Relay
    ssh: SshServer | None
    weights: str


@dataclass
class Round:
    """One training with one fault. ``shown`` are the numbers of the events that its client, or clients, were told."""

    place: Place
    project: Project
    random: random.Random
    shown: list[int] = field(default_factory=list[int])
    news: threading.Condition = field(default_factory=threading.Condition)
    error: BaseException | None = None
    done: bool = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Note an event that was shown."""
        with self.news:
            self.shown.append(int(event["seq"]))
            self.news.notify_all()

    def begin(self, kernel: str) -> threading.Thread:
        """Train in a thread of its own."""

        def work() -> None:
            try:
                declml.train(
                    self.project.config, runs=self.project.runs, kernel=kernel, on_event=self.take, on_notice=quiet
                )
            except DeclmlError as error:
                self.error = error
            with self.news:
                self.done = True
                self.news.notify_all()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def moment(self) -> None:
        """Wait until a random number of events was shown."""
        count = self.random.randrange(1, 2 * EPOCHS)
        with self.news:
            self.news.wait_for(lambda: len(self.shown) >= count or self.done, _LONGEST_WAIT)

    def run(self) -> Run:
        """Return the run as it is here."""
        (folder,) = (each for each in (self.project.runs / "shop").iterdir())
        return open_run(folder)


def quiet(_text: str) -> None:
    """Tell nobody."""


def websocket_cut(it: Round) -> None:
    """The connection breaks, once or several times, for up to two seconds."""
    thread = it.begin(f"http://127.0.0.1:{it.place.relay.port}/?token={TOKEN}")
    for _ in range(it.random.randrange(1, 4)):
        it.moment()
        it.place.relay.cut(refuse=True)
        time.sleep(it.random.random() * 2.0)
        it.place.relay.mend()
    join(it, thread)


def kernel_killed(it: Round) -> None:
    """The kernel dies; its server starts it again."""
    thread = it.begin(it.place.server.url)
    it.moment()
    kill(it.place.server.kernels())
    join(it, thread)


def server_restarted(it: Round) -> None:
    """The server dies with its kernels and comes back after a while, on the same port and with no kernel."""
    thread = it.begin(it.place.server.url)
    it.moment()
    it.place.server.stop(kill=True)
    kill(it.place.server.kernels())
    it.place.server.start()
    join(it, thread)
    if it.error is not None:  # the kernel is gone for good: what a user does then
        it.error = None
        attach_again(it)


def tunnel_cut(it: Round) -> None:
    """Every ssh connection ends."""
    assert it.place.ssh is not None
    thread = it.begin(it.place.ssh.address)
    it.moment()
    it.place.ssh.cut()
    join(it, thread)


def far_kernel_killed(it: Round) -> None:
    """The warm kernel behind an ssh dies."""
    assert it.place.ssh is not None
    thread = it.begin(it.place.ssh.address)
    it.moment()
    kill(kernels_in(it.place.ssh.folder / "k"))
    join(it, thread)


def client_killed(it: Round) -> None:
    """The client dies without a word; another one attaches."""
    command = [sys.executable, str(Path(__file__)), "--client", str(it.project.folder)]
    client = subprocess.Popen(
        command, env={**os.environ, "DECLML_KERNEL_TOKEN": TOKEN, "DECLML_KERNEL": it.place.server.address}
    )
    deadline = time.monotonic() + _LONGEST_WAIT
    count = it.random.randrange(1, 2 * EPOCHS)
    events = it.project.runs / "shop"
    while client.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, StopIteration):
            if next(events.glob("*/events.jsonl")).read_bytes().count(b"\n") >= count:
                break
        time.sleep(0.01)
    client.kill()
    client.wait()
    attach_again(it)


def disk_full(it: Round) -> None:
    """The client's disk is full for a while: a small file system of its own."""
    small = it.project.folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(small)], check=True)
    try:
        project = make_project(small, CONFIG)
        shutil.copytree(project.folder, it.project.folder, dirs_exist_ok=True)
        it.project = project
        thread = it.begin(it.place.server.url)
        it.moment()
        ballast = small / "ballast"
        with suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(b"\0" * 4096)
                file.flush()
        with it.news:
            it.news.wait_for(lambda: it.done, it.random.random() * 3.0)
        ballast.unlink()
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        join(it, thread)
        if it.error is not None:
            it.error = None
            attach_again(it)
        check(it)
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)


FAULTS: dict[str, Callable[[Round], None]] = {
    "websocket_cut": websocket_cut,
    "kernel_killed": kernel_killed,
    "server_restarted": server_restarted,
    "tunnel_cut": tunnel_cut,
    "far_kernel_killed": far_kernel_killed,
    "client_killed": client_killed,
    "disk_full": disk_full,
}
"""Every fault by its name. One that checks itself, while what it needs is there, is in `CHECKS_ITSELF`."""

CHECKS_ITSELF = {"disk_full"}


def join(it: Round, thread: threading.Thread) -> None:
    """Wait for the client to end."""
    thread.join(_LONGEST_WAIT)
    if thread.is_alive():
        raise AssertionError(f"the client hangs after {len(it.shown)} events")


def attach_again(it: Round) -> None:
    """Show the run from its beginning, as `declml attach` does; what is shown now is what counts."""
    it.shown.clear()
    attach_run(it.run(), it.take, quiet)


def kill(processes: list[int]) -> None:
    """End processes at once."""
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def check(it: Round) -> None:
    """Raise unless everything is as in an undisturbed run."""
    if it.error is not None:
        raise AssertionError(f"the client ended with: {it.error}")
    run = it.run()
    here, far = run.events.read_bytes(), (Path(run.record["remote"]["folder"]) / "events.jsonl").read_bytes()
    lines = [json.loads(line)["seq"] for line in here.splitlines()]
    assert run.status == "finished", run.status
    assert here == far, f"{len(here)} bytes here, {len(far)} there"
    assert lines == list(range(len(lines))), "events are lost or doubled in the file"
    assert it.shown == lines, f"shown {len(it.shown)} of {len(lines)} events, or not in order"
    assert run.taint() == [], run.taint()
    assert run.record["weights"] == it.place.weights, "other weights"


def main() -> int:
    """Run the rounds and tell how each fault fared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 100), help="of each fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=sorted(FAULTS))
    parser.add_argument("--client", type=Path, help="be the client of a round: train the project of this folder")
    options = parser.parse_args()
    if options.client is not None:
        project = Project(options.client)
        declml.train(project.config, runs=project.runs)
        return 0
    os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")
    os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with tempfile.TemporaryDirectory(prefix="declml-soak-") as name, ExitStack() as stack:
        folder = Path(name)
        place = set_up(folder, stack)
        names = [each for each in options.only or FAULTS if possible(each, place)]
        lots = random.Random(options.seed)
        for fault in names:
            began, slowest = time.monotonic(), 0.0
            for number in range(options.rounds):
                start = time.monotonic()
                project = make_project(folder / f"{fault}-{number}", CONFIG)
                it = Round(place, project, random.Random(lots.random()))
                try:
                    FAULTS[fault](it)
                    if fault not in CHECKS_ITSELF:
                        check(it)
                except (AssertionError, DeclmlError, OSError) as error:
                    print(f"{fault}: round {number} of seed {options.seed} failed: {error}", flush=True)
                    return 1
                slowest = max(slowest, time.monotonic() - start)
                shutil.rmtree(project.folder, ignore_errors=True)
            took = (time.monotonic() - began) / max(1, options.rounds)
            print(f"{fault:18} {options.rounds:4} rounds  0 lost, 0 doubled, same weights  "
                  f"{took:.1f} s a round, slowest {slowest:.1f} s", flush=True)  # fmt: skip
    return 0


def set_up(folder: Path, stack: ExitStack) -> Place:
    """Start the servers and train undisturbed, here."""
    server = stack.enter_context(jupyter_server(folder / "jupyter"))
    relay = Relay(server.port)
    stack.callback(relay.close)
    ssh = None
    with suppress(BaseException):  # pytest's way to say that there is none
        ssh = stack.enter_context(ssh_server(folder / "ssh"))
        os.environ["DECLML_SSH"] = ssh.command
    project = make_project(folder / "undisturbed", CONFIG)
    undisturbed = declml.train(project.config, runs=project.runs, kernel="local")
    return Place(folder, server, relay, ssh, str(undisturbed.record["weights"]))


def possible(fault: str, place: Place) -> bool:
    """Return whether this machine can have a fault, and say so when it cannot."""
    reason = ""
    if fault in {"tunnel_cut", "far_kernel_killed"} and place.ssh is None:
        reason = "no sshd that we may run"
    if fault == "disk_full" and os.geteuid() != 0:
        reason = "no right to mount a small file system"
    if reason:
        print(f"{fault:18} left out: {reason}", flush=True)
    return not reason


if __name__ == "__main__":
    sys.exit(main())
