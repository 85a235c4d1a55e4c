"""CPU and wall time from a save to what a user sees of the training: on a warm kernel and with a process started anew.

    python tests/benchmarks/warm_start.py --rounds 6

A watch is at work on the tabular example; its config is saved with another learning rate, and the clock runs until the
run's first event, the start of training and the first metrics. CPU is that of the watch, the kernel, the warm parent
and the training process together. Both ways take turns in one process (A B A B).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from declml import api
from declml.errors import DeclmlError
from declml.kernels.warm_kernel import local_kernels
from declml.runs.changes import Change
from declml.runs.folder import Run

MOMENTS = ("run_started", "training_started", "metrics")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process and its waited-for children have used; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def children(pid: int) -> list[int]:
    """Return the processes whose parent is ``pid``."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(each) for each in found.stdout.split()]


class Saves:
    """A watch in a thread, and the moments after each save."""

    def __init__(self, config: Path, kernel: str) -> None:
        self.config, self.kernel = config, kernel
        self._idle = threading.Event()
        self._began = 0.0
        self._base: dict[int, float] = {}
        self.moments: dict[str, tuple[float, float]] = {}
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        self._idle.wait()

    def _watch(self) -> None:
        api.watch(self.config, kernel=self.kernel, screen=self, runs=self.config.parent / f"runs-{self.kernel}")

    def _others(self) -> list[int]:
        kernels = [each.pid for each in local_kernels()] if self.kernel == "warm" else []
        return [*kernels, *(child for each in kernels for child in children(each))]

    def save(self, learning_rate: float) -> dict[str, tuple[float, float]]:
        """Save the config with another rate, wait for the run to end, and return wall and CPU seconds by moment."""
        text = yaml.safe_load(self.config.read_text())
        text["trainer"]["learning_rate"] = learning_rate
        self._idle.clear()
        self.moments = {}
        self._base = {os.getpid(): time.process_time(), **{pid: cpu_seconds(pid) for pid in self._others()}}
        self._began = time.perf_counter()
        self.config.write_text(yaml.safe_dump(text, sort_keys=False))
        self._idle.wait()
        return self.moments

    def event(self, event: Mapping[str, Any]) -> None:
        """Note the moment of the first event of each kind."""
        kind = event["kind"]
        if kind == "run_started":
            self._worker = int(event["process"])
        if self._base and kind in MOMENTS and kind not in self.moments:
            wall = time.perf_counter() - self._began
            own = time.process_time() - self._base[os.getpid()]
            others = sum(cpu_seconds(pid) - before for pid, before in self._base.items() if pid != os.getpid())
            self.moments[kind] = (wall, own + others + cpu_seconds(self._worker))

    def waiting(self, files: list[Path]) -> None:
        """The run is over."""
        self._idle.set()

    def saved(self, changes: list[Change]) -> None:
        """Nothing to note."""

    def notice(self, text: str) -> None:
        """Say it: a benchmark must not fall back in silence."""
        print(text, file=sys.stderr)

    def ended(self, run: Run) -> None:
        """Nothing to note."""

    def failed(self, error: DeclmlError) -> None:
        """A failure ends the benchmark."""
        raise error


def main() -> None:
    """Measure and print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="saves on each side")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DECLML_KERNELS", str(Path(folder) / "kernels"))
        sides: dict[str, Saves] = {}
        for kernel in ("warm", "local"):
            project = Path(folder) / kernel
            subprocess.run(
                [sys.executable, "-m", "declml.cli.main", "init", "tabular", str(project)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            config = project / "census.declml.yaml"
            text = yaml.safe_load(config.read_text())
            text["trainer"]["epochs"] = 2
            config.write_text(yaml.safe_dump(text, sort_keys=False))
            sides[kernel] = Saves(config, kernel)
        seen: dict[str, list[dict[str, tuple[float, float]]]] = {"warm": [], "local": []}
        for turn in range(rounds + 1):
            for kernel, side in sides.items():
                moments = side.save(0.001 + turn * 1e-5)
                if turn:  # the first save of each side fills caches
                    seen[kernel].append(moments)
        print(f"{'':18} {'':6} {'wall ms p50':>12} {'CPU ms p50':>12} {'CPU ms max':>12}")
        table: dict[str, dict[str, list[float]]] = {}
        for moment in MOMENTS:
            for kernel in sides:
                walls = [each[moment][0] * 1e3 for each in seen[kernel]]
                cpus = [each[moment][1] * 1e3 for each in seen[kernel]]
                table.setdefault(moment, {})[kernel] = [statistics.median(walls), statistics.median(cpus), max(cpus)]
                shown = table[moment][kernel]
                print(f"{moment:18} {kernel:6} {shown[0]:12.0f} {shown[1]:12.0f} {shown[2]:12.0f}")
        print(json.dumps(table))
        for each in local_kernels():
            os.kill(each.pid, 15)


if __name__ == "__main__":
    main()
