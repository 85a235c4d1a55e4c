"""What ``trainer.compile`` is worth: the same training with and without it, by turns (A B A B ...).

By hand: ``python tests/benchmarks/compiled.py --rows 32561 --epochs 20 --rounds 3``, and ``--device cuda`` where there
is one. The table has the shape of the census data: 6 numbers, 8 categories, two answers; the network is the default
one. Measured are the whole run, in a process of its own, by the clock and by what its processors did, and an epoch
after the first: compiling costs time once, and what it gains comes back with each epoch. How many epochs it takes to
come even follows from the two.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from side_by_side import Comparison, in_turns, tell_json
from synthetic import table

import declml

NAMES = {"as it is": False, "compile: true": True}


def config(options: argparse.Namespace, *, is_compiled: bool) -> dict[str, Any]:
    features = [{"name": f"number_{index}", "type": "number"} for index in range(options.numbers)]
    features += [{"name": f"category_{index}", "type": "category"} for index in range(options.categories)]
    return {
        "input_features": features,
        "output_features": [{"name": "target", "type": "binary"}],
        "trainer": {
            "epochs": options.epochs,
            "early_stop": -1,
            "batch_size": options.batch,
            "device": options.device,
            "compile": is_compiled,
        },
    }


def processor_seconds() -> float:
    """Return what the processes that this one started, and theirs, have used of processors so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=32_561)
    parser.add_argument("--numbers", type=int, default=6)
    parser.add_argument("--categories", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.epochs < 2:
        parser.error("--epochs must be at least 2: the first epoch compiles and is not measured")
    frame = table(options.rows, numbers=options.numbers, categories=options.categories, missing=0.01)
    epochs: dict[str, list[float]] = {name: [] for name in NAMES}
    processors: dict[str, list[float]] = {name: [] for name in NAMES}

    with tempfile.TemporaryDirectory() as folder:

        def measure(name: str) -> Callable[[], float]:
            def once() -> float:
                moments: list[float] = []

                def hear(event: Mapping[str, Any]) -> None:
                    if event["kind"] == "metrics" and event["split"] == "validation":
                        moments.append(time.perf_counter())

                began, used = time.perf_counter(), processor_seconds()
                run = declml.train(
                    config(options, is_compiled=NAMES[name]),
                    dataset=frame,
                    runs=Path(folder),
                    kernel="local",
                    again=True,
                    on_event=hear,
                )
                assert run.status == "finished", run.status
                taken = time.perf_counter() - began
                gaps = [after - before for before, after in pairwise(moments)]
                processors[name].append(processor_seconds() - used)
                epochs[name].append(statistics.median(gaps))
                return taken

            return once

        title = f"{options.rows:,} rows, {options.numbers} + {options.categories} columns, batch {options.batch}"
        where = f"{options.device}, {options.epochs} epochs"
        whole = in_turns(
            f"{title}, {where}: whole run", "s", {name: measure(name) for name in NAMES}, rounds=options.rounds
        )
    epoch = Comparison(
        f"{title}, {where}: an epoch after the first", "s", {name: times[1:] for name, times in epochs.items()}
    )
    processor = Comparison(
        f"{title}, {where}: whole run, seconds of processors",
        "s",
        {name: times[1:] for name, times in processors.items()},
    )
    epoch.tell()
    processor.tell()
    tell_even(whole, epoch, options.epochs)
    tell_json([whole, epoch, processor], "torch", rows=options.rows, batch=options.batch, device=options.device)


def tell_even(whole: Comparison, epoch: Comparison, epochs: int) -> None:
    """Print after how many epochs compiling has paid for itself."""
    plain, compiled = NAMES
    gained = epoch.median(plain) - epoch.median(compiled)
    once = whole.median(compiled) - whole.median(plain) + gained * epochs
    if gained <= 0:
        print(f"  compiling costs {once:.1f} s once, and no epoch is faster for it")
    else:
        print(f"  compiling costs {once:.1f} s once and comes even after {once / gained:.0f} epochs")


if __name__ == "__main__":
    main()
