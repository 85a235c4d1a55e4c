"""What the live view costs: the kernel's processor time per event, its memory over a long run, the training beside it.

Everything runs in a real kernel, which a client of its own drives. Processor times are told as well as wall times:
other work on the machine moves the latter.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
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


def side_by_side(kernel: Kernel, folder: Path, *, epochs: int, rounds: int) -> None:
    """Print how long the same training takes from the command line and from a cell, by turns."""
    config = CONFIG.replace("EPOCHS", str(epochs))
    (folder / "bench.declml.yaml").write_text(config)
    kernel.run("%load_ext declml")
    took: dict[str, list[float]] = {"command line": [], "notebook": []}
    shares: list[float] = []
    for _ in range(rounds):
        command = [
            sys.executable,
            "-m",
            "declml.cli.main",
            "train",
            "bench.declml.yaml",
            "--again",
            "--dataset",
            str(DATA),
        ]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        took["command line"].append(last_training(folder))
        kernel.run("import time; before = time.process_time()")
        kernel.run(f"%%declml train --again --data {DATA}\n{config}")
        beside = float(kernel.run("print(time.process_time() - before)"))
        took["notebook"].append(last_training(folder))
        shares.append(beside / took["notebook"][-1])
    for name, values in took.items():
        listed = ", ".join(f"{each:.2f}" for each in values)
        print(f"{name:<13} {min(values):.2f} s of training at best, median {statistics.median(values):.2f} ({listed})")
    # On a machine with other work the least disturbed rounds tell more than those in the middle.
    print(f"notebook / command line, at best: {min(took['notebook']) / min(took['command line']):.3f} (limit 1.03)")
    print(f"the kernel's processor time beside the training: {statistics.median(shares):.1%} of its wall time")


def last_training(folder: Path) -> float:
    """Return how long the loop of the newest run took."""
    newest = max((folder / "runs").glob("*/*/events.jsonl"), key=lambda path: path.parent.name)
    events = [json.loads(line) for line in newest.read_text().splitlines()]
    return next(each["seconds"] for each in events if each["kind"] == "training_finished")


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=15, help="how long the paced part goes on")
    options.add_argument("--epochs", type=int, default=150)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="declml-bench-") as name:
        folder = Path(name)
        (folder / ".declml").mkdir()
        kernel = Kernel(folder)
        try:
            cost(kernel, given.seconds)
            side_by_side(kernel, folder, epochs=given.epochs, rounds=given.rounds)
        finally:
            kernel.close()


if __name__ == "__main__":
    main()
