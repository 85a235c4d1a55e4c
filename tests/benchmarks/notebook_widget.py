"""What the live view costs: the kernel's processor time per event, its memory over a long run, the training beside it.

Everything runs in a real kernel, which a client of its own drives. The training is the same from the command line and
from a cell, by turns (A B A B ...), and what counts is the median over the pairs of one's time through the other's:
a machine that grows slower while it measures slows down both of a pair. Processor times of the training process and of
the kernel are told beside wall times, which other work on the machine moves.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

import declml

CONFIG = """\
input_features:
  - {name: age, type: number}
  - {name: education, type: category}
  - {name: hours_per_week, type: number}
output_features:
  - {name: income, type: category}
trainer: {epochs: EPOCHS, early_stop: -1, threads: 1, learning_rate: 0.001}
"""
LEAST_SECONDS = 20
"""A training must take so much processor time for 3 % of it to be told from chance."""
DATA = Path(declml.__file__).parent / "templates" / "tabular" / "adult.csv"

SETUP = """
import itertools, json, os, resource, time
from pathlib import Path
from declml_jupyter.widget_view import WidgetView
count = itertools.count(1)
def started():
    return {"seq": 0, "kind": "run_started", "run": "0001-aa", "experiment": "x", "process": 1,
            "resumed_from_step": None}
def event():
    seq = next(count)
    if seq % 10 == 0:
        values = {"income": {name: 0.5 for name in ("loss", "accuracy", "f1_macro", "roc_auc", "log_loss")}}
        return {"seq": seq, "kind": "metrics", "split": "validation", "epoch": seq, "step": seq, "values": values,
                "seconds": 0.1, "best": False}
    return {"seq": seq, "kind": "step", "epoch": 1, "step": seq, "loss": 0.123456, "learning_rate": 0.001,
            "steps_per_second": 1234.5, "eta_seconds": 12.3}
def memory():
    text = Path("/proc/self/statm").read_text().split()
    return int(text[1]) * resource.getpagesize() / 2**20
view = WidgetView(root=Path("runs"), on_stop=lambda now: None, keeps_table=False)
view.take(started())
view._batches.ready()
time.sleep(0.5)
"""

PACED = """
begun, cpu = time.perf_counter(), time.process_time()
time.sleep(SECONDS)
idle = time.process_time() - cpu
begun, cpu = time.perf_counter(), time.process_time()
for place in range(SECONDS * 20):
    view.take(event())
    time.sleep(max(0, begun + (place + 1) / 20 - time.perf_counter()))
busy = time.process_time() - cpu
print(json.dumps({"events": SECONDS * 20, "idle": idle, "busy": busy}))
"""

FLOOD = """
told = {}
for target in (1_000, 10_000, 30_000, 100_000):
    cpu = time.process_time()
    while (seq := next(count)) < target:
        view.take({**event(), "seq": seq})
        if seq % 500 == 0:
            time.sleep(0.002)
    time.sleep(0.3)
    told[target] = memory()
print(json.dumps(told))
"""


class Kernel:
    """A kernel that believes that somebody looks at it."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "DECLML_VIEW": "widget", "JPY_SESSION_NAME": "bench.ipynb"}
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(env=environment, cwd=str(folder))
        self._client: BlockingKernelClient = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str) -> str:
        """Run code and return what it prints."""
        said: list[str] = []

        def take(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                said.append(message["content"]["text"])
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(message["content"]["traceback"]))

        self._client.execute_interactive(code, output_hook=take, timeout=600)
        return "".join(said)

    def close(self) -> None:
        """End it."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def cost(kernel: Kernel, seconds: int) -> None:
    """Print what an event costs at 20 a second, and the memory along 100,000 events."""
    kernel.run(SETUP)
    told = json.loads(kernel.run(PACED.replace("SECONDS", str(seconds))))
    each = (told["busy"] - told["idle"]) / told["events"]
    print(f"at 20 events/s: {each * 1000:.2f} ms of processor time an event ({told['events']} events; limit 1 ms)")
    memory = json.loads(kernel.run(FLOOD))
    print("memory after " + ", ".join(f"{int(count):,} events {value:.0f} MiB" for count, value in memory.items()))


@dataclass(frozen=True)
class Trained:
    """One training: seconds of its loop, and processor seconds of its process and of what stands beside it."""

    loop: float
    process: float
    beside: float


def side_by_side(kernel: Kernel, folder: Path, *, epochs: int, pairs: int) -> None:
    """Print how long the same training takes from the command line and from a cell, by turns."""
    config = CONFIG.replace("EPOCHS", str(epochs))
    (folder / "bench.declml.yaml").write_text(config)
    kernel.run("%load_ext declml")
    ways = {"command line": lambda: by_command(folder), "notebook": lambda: by_cell(kernel, folder, config)}
    for train in ways.values():
        train()  # the first of each fills caches and imports
    told: dict[str, list[Trained]] = {name: [] for name in ways}
    for place in range(pairs):
        order = list(ways) if place % 2 == 0 else list(reversed(ways))  # A B B A: whoever is first gains nothing
        for name in order:
            told[name].append(ways[name]())
        a, b = told["command line"][-1], told["notebook"][-1]
        print(
            f"pair {place + 1}: processor {a.process:.2f} s / {b.process:.2f} s, loop {a.loop:.2f} s / {b.loop:.2f} s, "
            f"beside it {a.beside:.2f} s (command) / {b.beside:.2f} s (kernel)",
            flush=True,
        )
    for what, of in (("processor time of the training", "process"), ("wall time of its loop", "loop")):
        ratios = sorted(
            getattr(b, of) / getattr(a, of) for a, b in zip(told["command line"], told["notebook"], strict=True)
        )
        spread = f"from {ratios[0]:.3f} to {ratios[-1]:.3f} in {pairs} pairs"
        print(f"{what}, notebook / command line: median {statistics.median(ratios):.3f} ({spread}; limit 1.030)")
    share = statistics.median(each.beside / each.process for each in told["notebook"])
    print(f"the kernel's processor time beside it: {share:.1%} of the training's, in another process")
    least = min(each.process for values in told.values() for each in values)
    if least < LEAST_SECONDS:
        print(f"too short to tell 3 %: {least:.0f} s of processor time; more --epochs, at least {LEAST_SECONDS} s")


def by_command(folder: Path) -> Trained:
    """Train from the command line."""
    words = ["train", "bench.declml.yaml", "--again", "--dataset", str(DATA)]
    command = [sys.executable, "-m", "declml.cli.main", *words]
    with Watch(folder) as watch:
        before = processor_of_children()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        beside = processor_of_children() - before
    return watch.trained(beside)


def by_cell(kernel: Kernel, folder: Path, config: str) -> Trained:
    """Train from a cell, with the widget on."""
    with Watch(folder) as watch:
        kernel.run("import time; before = time.process_time()")
        kernel.run(f"%%declml train --again --data {DATA}\n{config}")
        beside = float(kernel.run("print(time.process_time() - before)"))
    return watch.trained(beside)


class Watch:
    """Reads the processor time of the next training's process, 20 times a second, until it has ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known = set(self._runs())
        self._run: Path | None = None
        self._read: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def trained(self, beside: float) -> Trained:
        """Return what the loop of the training took: what comes before it, imports and data, is no matter of a view."""
        if self._run is None:
            raise RuntimeError("no training began")
        lines = (self._run / "events.jsonl").read_text().splitlines()
        events = {each["kind"]: each for each in map(json.loads, lines)}
        begun, ended = (float(events[kind]["time"]) for kind in ("training_started", "training_finished"))
        process = self._at(ended) - self._at(begun)
        return Trained(float(events["training_finished"]["seconds"]), process, beside)

    def _at(self, moment: float) -> float:
        """Return the processor time at a moment, between the two readings around it."""
        place = bisect_left(self._read, (moment,))
        (before, low), (after, high) = self._read[max(place - 1, 0)], self._read[min(place, len(self._read) - 1)]
        return low if after <= before else low + (high - low) * (moment - before) / (after - before)

    def _look(self) -> None:
        process: int | None = None
        while not self._over.is_set():
            with suppress(OSError, ValueError, LookupError, StopIteration):
                if process is None:
                    self._run = next(each for each in self._runs() if each not in self._known)
                    process = int(json.loads((self._run / "events.jsonl").read_text().splitlines()[0])["process"])
                self._read.append((time.time(), processor_of(process)))
            self._over.wait(0.05)

    def _runs(self) -> list[Path]:
        return [each.parent for each in (self._folder / "runs").glob("*/*/events.jsonl")]


def processor_of(process: int) -> float:
    """Return the processor seconds that all threads of a process have taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processor_of_children() -> float:
    """Return the processor seconds of the processes that this one has started and waited for."""
    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    return told.ru_utime + told.ru_stime


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=15, help="how long the paced part goes on")
    options.add_argument("--epochs", type=int, default=90)
    options.add_argument("--pairs", type=int, default=7)
    options.add_argument("--only", choices=["cost", "side_by_side"], help="one of the two parts")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="declml-bench-") as name:
        folder = Path(name)
        (folder / ".declml").mkdir()
        os.environ["DECLML_KERNELS"] = str(folder / "kernels")  # a warm kernel of its own, which both ways share
        kernel = Kernel(folder)
        try:
            if given.only != "side_by_side":
                cost(kernel, given.seconds)
            if given.only != "cost":
                side_by_side(kernel, folder, epochs=given.epochs, pairs=given.pairs)
        finally:
            kernel.close()
            stop = [sys.executable, "-m", "declml.cli.main", "kernels", "stop", "warm", "--now"]
            subprocess.run(stop, cwd=folder, check=False, capture_output=True)


if __name__ == "__main__":
    main()
