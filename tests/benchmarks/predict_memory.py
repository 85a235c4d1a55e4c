"""Predictions for tables of growing size: how much memory they take, which must not depend on the number of rows.

By hand: ``python tests/benchmarks/predict_memory.py --rows 200000 800000 3200000``. A small network is trained once;
each size is answered by a process of its own, from a Parquet file into one. Told is the most anonymous memory above
that of the imports: pages that are mapped from files do not count, since the system takes them back when it needs them.
With ``--evaluate`` the metrics are computed instead, for which the answers and targets of all rows stay in memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from larger_than_memory import Memory, config_of, write_table
from side_by_side import tell_json

import declml
from declml import api


def child(options: argparse.Namespace) -> None:
    import torch

    import declml.run.apply  # noqa: F401 - its imports must not count

    torch.set_num_threads(1)
    began = time.process_time()
    with Memory() as memory:
        if options.evaluate:
            answer = api.evaluate("latest", options.path, runs=options.runs)
        else:
            answer = api.write_predictions("latest", options.path, output=options.output, runs=options.runs)
    seconds = time.process_time() - began
    print(json.dumps({"rows": answer.rows, "memory": memory.most - memory.first, "seconds": seconds}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000, 800_000, 3_200_000])
    parser.add_argument("--numbers", type=int, default=10)
    parser.add_argument("--format", choices=["csv", "parquet", "jsonl"], default="parquet")
    parser.add_argument("--evaluate", action="store_true", help="measure the answers instead of writing them")
    parser.add_argument("--child", dest="path")
    parser.add_argument("--output")
    parser.add_argument("--runs")
    options = parser.parse_args()
    if options.path:
        child(options)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "train.parquet", 5_000, options.numbers)
        (folder / "config.yaml").write_text(config_of(options.numbers) + "trainer: {epochs: 1}\n")
        declml.train(folder / "config.yaml", dataset=folder / "train.parquet", runs=folder / "runs", kernel="local")
        told_all: list[dict[str, float]] = []
        for rows in options.rows:
            path = folder / "rows.parquet"
            write_table(path, rows, options.numbers)
            command = [sys.executable, __file__, "--child", str(path), "--runs", str(folder / "runs")]
            command += ["--evaluate"] if options.evaluate else []
            output = str(folder / f"answers.{options.format}")
            done = subprocess.run([*command, "--output", output], check=True, capture_output=True, text=True)
            told = json.loads(done.stdout.splitlines()[-1])
            told_all.append(told)
            print(f"  {told['rows']:>12,} rows {told['memory'] / 1e6:>10,.0f} MB {told['seconds']:>10,.1f} s of CPU")
    tell_json([], "polars", "numpy", "torch", told=told_all)


if __name__ == "__main__":
    main()
