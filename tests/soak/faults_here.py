"""Faults of trainings on the warm kernel of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from declml.kernels.warm_kernel import local_kernels
from e2e.kernels.following import waited_for_processor

from .rounds import LONGEST_WAIT, Round, kill


def training_killed(it: Round) -> None:
    """The training dies, as when memory runs out; it is resumed."""
    thread = it.begin("warm")
    it.moment()
    since, waited = time.monotonic(), waited_for_processor()
    if not it.done:
        kill([it.run().record["process"]])
    it.join(thread)
    if it.error is not None:
        it.require_killed(since, waited)
        it.resume("warm")


def warm_kernel_killed(it: Round) -> None:
    """The warm kernel dies; what it trains goes on."""
    thread = it.begin("warm")
    it.moment(early=True)
    since, waited, busy = time.monotonic(), waited_for_processor(), bool(it.shown) and not it.done
    kill([each.pid for each in local_kernels()])
    it.join(thread)
    if busy:
        it.require_noticed(since, waited, lambda text: "died" in text)


def client_of_warm_killed(it: Round) -> None:
    """The client of a training on the warm kernel dies without a word; another one attaches."""
    _client_killed(it, "warm")


def client_killed(it: Round) -> None:
    """The client of a training on a server dies without a word; another one attaches."""
    _client_killed(it, it.place.server.address)


def _client_killed(it: Round, kernel: str) -> None:
    command = [sys.executable, str(Path(__file__).with_name("kernels.py")), "--client", str(it.project.folder)]
    client = subprocess.Popen(command, env={**os.environ, "DECLML_KERNEL": kernel})
    deadline = time.monotonic() + LONGEST_WAIT
    count = it.random.randrange(1, it.place.events)
    events = it.project.runs / "shop"
    while client.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, StopIteration):
            if next(events.glob("*/events.jsonl")).read_bytes().count(b"\n") >= count:
                break
        time.sleep(0.01)
    client.kill()
    client.wait()
    it.attach()
