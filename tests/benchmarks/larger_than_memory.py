"""A table several times larger than the memory it is given: how much memory it takes, and what that costs in speed.

By hand: ``python tests/benchmarks/larger_than_memory.py --rows 2000000 --numbers 40 --times 3``. Each way is a process
of its own: it reads a Parquet file, fits and encodes every column, and takes training steps of a small network. Told
are the steps a second of whole epochs (A B A B in one run), and the most anonymous memory above that of the imports;
pages that are mapped from files do not count, since the system takes them back when it needs them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from side_by_side import Comparison, tell_json

from declml.components.splits.random import split_randomly
from declml.contracts import Batches
from declml.data.cache import Cache, content_hash_of_files
from declml.data.fit import Fitting, fit_feature
from declml.data.split import load_split
from declml.data.table import load_table
from declml.data.transform import encode_feature
from declml.run.batches import Spill, batches_of
from declml.run.components import Components
from declml.run.network import blueprint
from declml_schema.check import check

SEED = 7


class Memory:
    """The most anonymous memory that this process took while inside, in bytes."""

    def __enter__(self) -> Memory:
        self.most = self.first = _anonymous()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.005):
            self.most = max(self.most, _anonymous())


def _anonymous() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024
    raise SystemExit("this needs Linux: /proc/self/status tells the memory")


def config_of(numbers: int) -> str:
    lines = ["input_features:"]
    lines += [f"  - {{name: number_{index}, type: number}}" for index in range(numbers)]
    lines += ["output_features: [{name: target, type: binary}]"]
    return "\n".join(lines) + "\n"


def batches_for(path: Path, folder: Path, numbers: int, most_bytes: int | None) -> Batches:
    plan, problems = check(config_of(numbers))
    assert plan is not None, problems
    components = Components()
    cache = Cache(folder)
    table = load_table(cache, [path], content_hash_of_files([path]), most_bytes=most_bytes)
    sides = load_split(
        cache, table, name="random", assign=split_randomly, parameters=plan.split.parameters, seed=SEED
    )  # fmt: skip
    facts: dict[str, Any] = {}
    encoded: dict[str, Any] = {}
    for feature in (*plan.inputs, *plan.outputs):
        role = "output" if feature in plan.outputs else "input"
        asked = (
            {} if role == "output" else components.asked_of(feature.encoder.type, "number", feature.encoder.parameters)
        )
        operation = components.build(role, feature.type)()
        fitting = Fitting(f"{role}.{feature.type}", operation, {**feature.preprocessing, **asked})
        fitted = fit_feature(cache, table, sides, feature.column, fitting)
        facts[feature.name] = fitted.facts
        encoded[feature.name] = encode_feature(cache, table, feature.column, fitting, fitted).encoded
    groups = list(blueprint(plan, facts, components).groups)
    targets = {"target": encoded["target"]}
    spill = None if most_bytes is None else Spill(most_bytes, folder / "rows")
    return batches_of(groups, encoded, targets, sides.rows("training"), device="cpu", spill=spill)


def child(options: argparse.Namespace) -> None:
    """Prepare, then take one epoch for each line that comes in, and tell what it took."""
    torch.set_num_threads(1)
    most = options.most_bytes or None
    with Memory() as memory:
        batches = batches_for(Path(options.path), Path(options.folder), options.numbers, most)
        width = next(iter(batches.epoch(2, seed=0))).groups[0][0].shape[1]
        network = torch.nn.Sequential(torch.nn.Linear(width, 128), torch.nn.ReLU(), torch.nn.Linear(128, 1))
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
        for line in sys.stdin:
            began, began_cpu = time.perf_counter(), time.process_time()
            for batch in batches.epoch(options.batch, seed=int(line)):
                answers = network(batch.groups[0][0])[:, 0]
                loss = torch.nn.functional.binary_cross_entropy_with_logits(answers, batch.targets["target"])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            steps = batches.steps(options.batch)
            seconds, cpu = (time.perf_counter() - began) / steps, (time.process_time() - began_cpu) / steps
            print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": memory.most - memory.first}), flush=True)


def write_table(path: Path, rows: int, numbers: int) -> None:
    """Write a Parquet file of random numbers, column by column in parts, without holding it whole."""
    parts: list[Path] = []
    for start in range(0, rows, 250_000):
        random = np.random.default_rng(start)
        count = min(250_000, rows - start)
        columns = {f"number_{index}": random.normal(size=count) for index in range(numbers)}
        target = (columns["number_0"] + random.normal(size=count) > 0).astype(np.int8)
        parts.append(path.with_name(f"{start}.part.parquet"))
        pl.DataFrame({**columns, "target": target}).write_parquet(parts[-1], compression="uncompressed")
    pl.scan_parquet(parts).sink_parquet(path, compression="uncompressed")
    for each in parts:
        each.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--numbers", type=int, default=40)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=float, default=3.0, help="how much larger the table is than its memory")
    parser.add_argument("--child", dest="path")
    parser.add_argument("--folder")
    parser.add_argument("--most-bytes", type=int, default=0)
    options = parser.parse_args()
    if options.path:
        child(options)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "rows.parquet"
        write_table(path, options.rows, options.numbers)
        size = options.rows * (options.numbers * 8 + 1)
        limit = int(size / options.times)
        ways = {"all in memory": 0, f"in {limit / 1e6:.0f} MB": limit}
        children = {
            way: subprocess.Popen(
                [
                    sys.executable, __file__, "--child", str(path), "--folder", str(folder / str(most)),
                    "--numbers", str(options.numbers), "--batch", str(options.batch), "--most-bytes", str(most),
                ],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for way, most in ways.items()
        }  # fmt: skip
        taken: dict[str, list[float]] = {way: [] for way in ways}
        computed: dict[str, list[float]] = {way: [] for way in ways}
        memory: dict[str, float] = {}
        for number in range(options.rounds + 1):
            for way, process in children.items():
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(f"{number}\n")
                process.stdin.flush()
                told = json.loads(process.stdout.readline())
                memory[way] = told["memory"] / 1e6
                if number:
                    taken[way].append(told["seconds"] * 1000)
                    computed[way].append(told["cpu"] * 1000)
        for process in children.values():
            process.communicate()
        comparison = Comparison(f"Table of {size / 1e6:,.0f} MB, batches of {options.batch}", "ms a step", taken)
        comparison.tell()
        worked = Comparison("The same, in CPU time of all threads", "ms a step", computed)
        worked.tell()
        for way, most in memory.items():
            print(f"  {way:<34} {most:>10,.0f} MB of anonymous memory at most")
        tell_json(
            [comparison, worked], "polars", "numpy", "torch", memory_megabytes=memory, limit_megabytes=limit / 1e6
        )


if __name__ == "__main__":
    main()
