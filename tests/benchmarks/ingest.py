"""What a CSV takes to become matrices: through `declml.data` against a Polars script written by hand.

By hand: ``python tests/benchmarks/ingest.py --rows 200000 --numbers 13 --categories 6 --rounds 5``. All sides read the
same file, split it alike, fit on the training rows and give the same matrices; that is checked before anything is
measured. Declml is measured three times: in memory, as far as the script goes; with an empty cache, where it also
hashes and stores every stage; and again with that cache, as a second run finds it. Seconds are those of the processor,
of all threads.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from side_by_side import in_turns, tell_json
from synthetic import table

from declml.components.splits.random import split_randomly
from declml.contracts import Encoded, Facts
from declml.data.cache import Cache, content_hash_of_files
from declml.data.fit import Fitting, fit_feature, fit_series
from declml.data.split import load_split
from declml.data.table import Reading, load_table, read_table
from declml.data.transform import encode_feature
from declml.model.groups import Group
from declml.run.batches import group_sources
from declml.run.components import Components
from declml.run.network import blueprint
from declml_schema.check import check
from declml_schema.plan import Plan

SEED = 7


@dataclass(frozen=True)
class Matrices:
    """What training starts from: ``(row, feature)`` float32 and int32 of the training rows, ``(row,)`` targets."""

    numbers: np.ndarray
    categories: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Job:
    """A file and what is wanted of it."""

    path: Path
    plan: Plan
    components: Components

    @property
    def fittings(self) -> dict[str, Fitting]:
        answer: dict[str, Fitting] = {}
        for feature in (*self.plan.inputs, *self.plan.outputs):
            role = "output" if feature in self.plan.outputs else "input"
            operation = self.components.build(role, feature.type)()
            answer[feature.name] = Fitting(f"{role}.{feature.type}", operation, feature.preprocessing)
        return answer


def job_of(path: Path, numbers: int, categories: int) -> Job:
    lines = ["input_features:"]
    # As the script by hand scales them, whatever the defaults are.
    as_is = "preprocessing: {normalization: zscore}, encoder: {type: passthrough}"
    lines += [f"  - {{name: number_{index}, type: number, {as_is}}}" for index in range(numbers)]
    lines += [
        f"  - {{name: category_{index}, type: category, encoder: {{type: onehot}}}}" for index in range(categories)
    ]
    lines += ["output_features: [{name: target, type: binary, preprocessing: {fallback_true_label: 'yes'}}]"]
    plan, problems = check("\n".join(lines) + "\n")
    assert plan is not None, problems
    return Job(path, plan, Components())


def matrices(job: Job, facts: dict[str, Facts], encoded: dict[str, Encoded], rows: np.ndarray) -> Matrices:
    groups: list[Group] = list(blueprint(job.plan, facts, job.components).groups)
    wanted = {"number": [], "category": []}
    for group, source in zip(groups, group_sources(groups, encoded, rows), strict=True):
        wanted[group.type].append(source.values.numpy())
    return Matrices(
        np.concatenate(wanted["number"], axis=1),
        np.concatenate(wanted["category"], axis=1),
        np.asarray(encoded["target"].values)[rows],
    )


def in_memory(job: Job) -> Matrices:
    frame = read_table([job.path])
    sides = split_randomly(frame, seed=SEED, probabilities=job.plan.split.parameters["probabilities"])
    training = pl.Series(sides == 0)
    facts: dict[str, Facts] = {}
    encoded: dict[str, Encoded] = {}
    for name, fitting in job.fittings.items():
        facts[name] = fit_series(frame[name].filter(training), fitting)
        encoded[name] = fitting.operation.encode(frame[name], facts[name], fitting.preprocessing)
    return matrices(job, facts, encoded, np.flatnonzero(sides == 0))


def with_cache(job: Job, root: Path) -> Matrices:
    cache = Cache(root)
    digest = content_hash_of_files([job.path], memo=root / "files.sqlite")
    stored = load_table(cache, [job.path], digest, Reading())
    sides = load_split(
        cache, stored, name="random", assign=split_randomly, parameters=job.plan.split.parameters, seed=SEED
    )
    facts: dict[str, Facts] = {}
    encoded: dict[str, Encoded] = {}
    for name, fitting in job.fittings.items():
        fitted = fit_feature(cache, stored, sides, name, fitting)
        facts[name] = fitted.facts
        encoded[name] = encode_feature(cache, stored, name, fitting, fitted).encoded
    return matrices(job, facts, encoded, sides.rows("training"))


def by_hand(job: Job) -> Matrices:
    """Do the same with two Polars selects, as one would write it for this one table."""
    names = [each.name for each in job.plan.inputs if each.type == "number"]
    labels = [each.name for each in job.plan.inputs if each.type == "category"]
    frame = pl.read_csv(job.path)
    # The split is our own function, so that both sides train on the same rows.
    training = pl.Series(split_randomly(frame, seed=SEED, probabilities=[0.7, 0.1, 0.2]) == 0)
    known = frame.filter(training)
    facts = known.select(
        *(pl.col(name).mean().alias(f"{name}.mean") for name in names),
        *(pl.col(name).std(ddof=0).alias(f"{name}.std") for name in names),
    ).row(0, named=True)
    columns = [
        ((pl.col(name).fill_null(0.0) - facts[f"{name}.mean"]) / facts[f"{name}.std"]).cast(pl.Float32)
        for name in names
    ]
    for name in labels:
        order = known[name].drop_nulls().value_counts().sort(["count", name], descending=[True, False])[name]
        ids = pl.Series(range(1, len(order) + 1), dtype=pl.Int32)
        columns.append(pl.col(name).replace_strict(order, ids, default=0, return_dtype=pl.Int32))
    made = known.select(*columns, (pl.col("target") == "yes").cast(pl.Float32))
    return Matrices(made.select(names).to_numpy(), made.select(labels).to_numpy(), made["target"].to_numpy())


def assert_the_same(left: Matrices, right: Matrices) -> None:
    np.testing.assert_allclose(left.numbers, right.numbers, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(left.categories, right.categories)
    np.testing.assert_array_equal(left.targets, right.targets)


def seconds(act: Callable[[], Matrices]) -> float:
    begin = time.process_time()
    act()
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--numbers", type=int, default=13)
    parser.add_argument("--categories", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        job = job_of(folder / "rows.csv", options.numbers, options.categories)
        frame = table(options.rows, numbers=options.numbers, categories=options.categories, missing=0.02)
        frame.write_csv(job.path)
        expected = by_hand(job)
        for found in (in_memory(job), with_cache(job, folder / "warm"), with_cache(job, folder / "warm")):
            assert_the_same(found, expected)

        def cold() -> float:
            shutil.rmtree(folder / "cold", ignore_errors=True)
            return seconds(lambda: with_cache(job, folder / "cold"))

        size = job.path.stat().st_size / 1e6
        comparison = in_turns(
            f"Processor time, CSV of {options.rows:,} rows, {frame.width} columns, {size:.0f} MB",
            "s",
            {
                "by hand in Polars": lambda: seconds(lambda: by_hand(job)),
                "declml in memory": lambda: seconds(lambda: in_memory(job)),
                "declml, empty cache": cold,
                "declml, same data again": lambda: seconds(lambda: with_cache(job, folder / "warm")),
            },
            rounds=options.rounds,
        )
        tell_json([comparison], "polars", "numpy", threads=pl.thread_pool_size())


if __name__ == "__main__":
    main()
