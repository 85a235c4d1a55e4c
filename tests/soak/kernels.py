"""Faults at random moments of trainings on kernels: after each nothing may be lost, doubled or other than undisturbed.

By hand: ``python tests/soak/kernels.py --rounds 100 --seed 1``, or ``make soak ROUNDS=100``. Each round trains the same
config on a real kernel, lets one fault happen at a random moment, follows the run to its end (attaching or resuming as
a user would), and compares: the events that were shown, each once and in order, with the file on the other side, byte
for byte; and the weights with those of an undisturbed run. The first difference ends the soak with exit code 1.

A fault is a function in `FAULTS` that takes a `Round`. Kernels fork their trainings from one process that has imported
everything; with ``--cold`` each kernel imports for itself, as a user's does, and a round takes several times as long.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import declml
from declml.errors import DeclmlError
from declml.kernels.warm import WARM_PARENT
from declml.kernels.warm_kernel import local_kernels
from e2e.kernels.jupyter import jupyter_server
from e2e.kernels.relay import Relay
from e2e.kernels.ssh_server import ssh_server
from e2e.projects import Project, make_project
from e2e.warm import start_warm_parent
from soak import faults_here, faults_there
from soak.rounds import CONFIG, Place, Round, kill

FAULTS: dict[str, Callable[[Round], None]] = {
    "websocket_cut": faults_there.websocket_cut,
    "kernel_killed": faults_there.kernel_killed,
    "far_training_killed": faults_there.far_training_killed,
    "server_restarted": faults_there.server_restarted,
    "tunnel_cut": faults_there.tunnel_cut,
    "far_kernel_killed": faults_there.far_kernel_killed,
    "client_killed": faults_here.client_killed,
    "disk_full": faults_there.disk_full,
    "far_disk_full": faults_there.far_disk_full,
    "training_killed": faults_here.training_killed,
    "warm_kernel_killed": faults_here.warm_kernel_killed,
    "client_of_warm_killed": faults_here.client_of_warm_killed,
}
"""Every fault by its name. One that checks itself, while what it needs is there, is in `CHECKS_ITSELF`."""

CHECKS_ITSELF = {"disk_full", "far_disk_full"}


def main() -> int:
    """Run the rounds and tell how each fault fared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 100), help="of each fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=sorted(FAULTS))
    parser.add_argument("--cold", action="store_true", help="let each kernel import for itself")
    parser.add_argument("--client", type=Path, help="be the client of a round: train the project of this folder")
    options = parser.parse_args()
    if options.client is not None:
        project = Project(options.client)
        declml.train(project.config, runs=project.runs)
        return 0
    os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")
    os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with tempfile.TemporaryDirectory(prefix="declml-soak-") as name, ExitStack() as stack:
        place = set_up(Path(name), stack, cold=options.cold)
        for fault in [each for each in options.only or FAULTS if possible(each, place)]:
            if not soak(fault, place, options.rounds, options.seed):
                return 1
    return 0


def soak(fault: str, place: Place, rounds: int, seed: int) -> bool:
    """Let one fault happen ``rounds`` times, tell how it fared, and return whether all was well."""
    began, slowest = time.monotonic(), 0.0
    lots = random.Random(f"{seed} {fault}")
    for number in range(rounds):
        start = time.monotonic()
        project = make_project(place.folder / f"{fault}-{number}", CONFIG)
        it = Round(place, project, random.Random(lots.random()))
        try:
            FAULTS[fault](it)
            if fault not in CHECKS_ITSELF:
                it.check()
        except (AssertionError, DeclmlError, OSError) as error:
            print(f"{fault}: round {number} of seed {seed} failed: {error}", flush=True)
            return False
        slowest = max(slowest, time.monotonic() - start)
        shutil.rmtree(project.folder, ignore_errors=True)
    took = (time.monotonic() - began) / max(1, rounds)
    speed = f"{took:.1f} s a round, slowest {slowest:.1f} s"
    print(f"{fault:22} {rounds:4} rounds  0 lost, 0 doubled, same weights  {speed}", flush=True)
    return True


def set_up(folder: Path, stack: ExitStack, *, cold: bool) -> Place:
    """Start the servers and train undisturbed, here."""
    warm = ""
    if not cold:
        parent = start_warm_parent()
        stack.callback(parent.close)
        warm = os.environ[WARM_PARENT] = parent.address
    os.environ["DECLML_KERNELS"] = str(folder / "w")  # a warm kernel of our own, which may be killed
    stack.callback(lambda: kill([each.pid for each in local_kernels()]))
    server = stack.enter_context(jupyter_server(folder / "jupyter", warm_parent=warm))
    os.environ["DECLML_KERNEL_TOKEN"] = server.token
    relay = Relay(server.port)
    stack.callback(relay.close)
    ssh = None
    with suppress(BaseException):  # pytest's way to say that there is none
        ssh = stack.enter_context(ssh_server(folder / "ssh", warm_parent=warm))
        os.environ["DECLML_SSH"] = ssh.command
    project = make_project(folder / "undisturbed", CONFIG)
    undisturbed = declml.train(project.config, runs=project.runs, kernel="local")
    events = undisturbed.events.read_bytes().count(b"\n")
    return Place(folder, server, relay, ssh, str(undisturbed.record["weights"]), events)


def possible(fault: str, place: Place) -> bool:
    """Return whether this machine can have a fault, and say so when it cannot."""
    reason = ""
    if fault in {"tunnel_cut", "far_kernel_killed"} and place.ssh is None:
        reason = "no sshd that we may run"
    if fault in CHECKS_ITSELF and os.geteuid() != 0:
        reason = "no right to mount a small file system"
    if reason:
        print(f"{fault:22} left out: {reason}", flush=True)
    return not reason


if __name__ == "__main__":
    sys.exit(main())
