"""A table that is larger than the memory that it may take is the same table: rows, hashes, fits, arrays and batches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from declml.components.features.number import InputNumber, InputNumberPreprocessing
from declml.components.splits.random import split_randomly
from declml.contracts import Batch, Encoded
from declml.data.arrays import write_parts
from declml.data.batches import GroupSource, InMemoryBatches, RowTensors
from declml.data.cache import Cache, content_hash_of_files
from declml.data.columns import column_hash, hash_of_parts
from declml.data.fit import Fitting, fit_feature
from declml.data.split import load_split
from declml.data.table import Reading, Table, load_table
from declml.data.transform import encode_feature
from declml.data.windows import WindowedBatches
from declml.errors import UserProblem

ROWS = 30_000
FEW_BYTES = 200_000
NUMBER = dict(InputNumberPreprocessing().model_dump())


def written(tmp_path: Path) -> list[Path]:
    """Return two files whose columns need a second look: text late in one, codes that are text in the other."""
    random = np.random.default_rng(1)
    frame = pl.DataFrame(
        {
            "size": random.normal(size=ROWS).round(4),
            "kind": random.choice(["a", "b", "c"], ROWS),
            "code": [f"{n:05}" if n == 17_000 else str(n) for n in range(ROWS)],
            "late": [None] * 12_000 + [1.5] * (ROWS - 12_000),
        }
    ).with_columns(pl.when(pl.int_range(ROWS) % 7 == 0).then(None).otherwise("size").alias("size"))
    frame = frame.with_columns(pl.when(pl.int_range(ROWS) == 16_000).then(pl.lit("x9")).otherwise("code").alias("code"))
    frame.head(15_000).write_csv(tmp_path / "0.csv")
    frame.slice(15_000).write_csv(tmp_path / "1.csv")
    return [tmp_path / "0.csv", tmp_path / "1.csv"]


def both(tmp_path: Path, paths: list[Path], reading: Reading) -> tuple[Table, Table]:
    cache, sha = Cache(tmp_path / "cache"), content_hash_of_files(paths)
    return load_table(cache, paths, sha, reading), load_table(cache, paths, sha, reading, most_bytes=FEW_BYTES)


@pytest.mark.parametrize(
    "reading",
    [
        Reading(),
        Reading(where="size > 0", columns=("kind", "size")),
        Reading(sample=0.5, seed=3),
        Reading(where="kind = 'a'", sample=5000, seed=3, limit=4000),
        Reading(limit=9000, sides=(0, 2)),
    ],
)
def test_a_large_table_is_the_same_table(tmp_path: Path, reading: Reading) -> None:
    whole, parts = both(tmp_path, written(tmp_path), reading)
    assert parts.is_large and not whole.is_large
    assert parts.frame.equals(whole.frame) and parts.rows == whole.rows and parts.types() == whole.types()
    assert parts.has_sides == whole.has_sides and parts.head().equals(whole.head())
    for name in whole.columns:
        assert hash_of_parts(parts.column_parts(name), parts.rows) == column_hash(whole.column(name))
    if reading.sides is not None:
        assert np.array_equal(parts.given_sides(), whole.given_sides())
    elif reading.limit is None and reading.where is None:
        assert len(parts.files) > 1


@pytest.mark.parametrize(
    ("content", "reading", "code", "said"),
    [
        ("a,b\n" + "1,2\n" * 20_000 + "1,2,3\n", Reading(), "ragged-row", r"Row 20,001 of d.csv"),
        ("a,b\n" + "1,2\n" * 20_000 + "1\n", Reading(), "ragged-row", r"Row 20,001 of d.csv"),
        (b"a,b\n" + b"1,2\n" * 20_000 + b"1,\xe9\n", Reading(), "undecodable-source", "on line 20,002"),
        ("a,b\n1,2\n", Reading(where="a > 5"), "empty-table", "must leave at least one row"),
        ("a,b\n", Reading(), "empty-table", "got a header only"),
        ("a,b\n1,2\n", Reading(where="c > 5"), "bad-where", "unknown column 'c'"),
    ],
)
def test_a_bad_row_of_a_large_file_is_told_with_its_place(
    tmp_path: Path, content: Any, reading: Reading, code: str, said: str
) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserProblem, match=said) as caught:
        load_table(Cache(tmp_path / "cache"), [path], content_hash_of_files([path]), reading, most_bytes=FEW_BYTES)
    assert caught.value.code == code


def test_bad_rows_of_a_large_file_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,b\n" + "1,x\n" * 20_000 + "1,2,3\n4,y\n")
    whole, parts = both(tmp_path, [path], Reading(bad_rows="skip"))
    assert parts.rows == 20_001 and parts.findings == whole.findings and parts.findings[0].code == "skipped-rows"


def test_fits_and_arrays_of_a_large_table_are_the_same(tmp_path: Path) -> None:
    tables = both(tmp_path, written(tmp_path), Reading())
    for column, fitting in (
        ("size", Fitting("input.number", InputNumber(), {**NUMBER, "normalization": "robust"})),
        ("size", Fitting("input.number", InputNumber(), {**NUMBER, "missing_value_strategy": "ffill"})),
    ):
        answers: list[tuple[Any, Encoded]] = []
        for place, table in enumerate(tables):
            cache = Cache(tmp_path / f"own{place}")  # each computes its own
            sides = load_split(
                cache,
                table,
                name="random",
                assign=split_randomly,
                parameters={"probabilities": [0.7, 0.1, 0.2]},
                seed=1,
            )
            fitted = fit_feature(cache, table, sides, column, fitting)
            answers.append((fitted.facts, encode_feature(cache, table, column, fitting, fitted).encoded))
        (facts, encoded), (other_facts, other) = answers
        assert facts == other_facts and encoded.counts == other.counts
        assert np.array_equal(encoded.values, other.values)


def test_ragged_arrays_are_joined(tmp_path: Path) -> None:
    parts = [
        Encoded(np.array([1, 2, 3], np.int32), np.array([0, 1, 3]), np.array([True, False]), {"missing": 1}),
        Encoded(np.array([], np.int32), np.array([0, 0]), None, {"missing": 2}),
        Encoded(np.array([4], np.int32), np.array([0, 1]), None, {}),
    ]
    assert write_parts(tmp_path, parts, 4) == {"missing": 3}
    assert np.load(tmp_path / "values.npy", mmap_mode="r").tolist() == [1, 2, 3, 4]
    assert np.load(tmp_path / "offsets.npy").tolist() == [0, 1, 3, 3, 4]
    assert np.load(tmp_path / "keep.npy").tolist() == [True, False, True, True]
    assert not (tmp_path / "tokens.raw").exists()


VALUES = np.arange(4000, dtype=np.float32)


def gathered(some: np.ndarray) -> RowTensors:
    """Return rows whose every part tells which row it is: a number, tokens of a length of its own, two targets."""
    lengths = some % 4
    offsets = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)]))
    tokens = torch.from_numpy(np.repeat(some, lengths).astype(np.int32))
    spoken = GroupSource(tokens, offsets, pad=-100)
    values = torch.from_numpy(VALUES[some])
    groups = [GroupSource(values[:, None]), GroupSource(tokens, offsets, pad=7, width=2)]
    return RowTensors(groups, {"y": values, "spoken": spoken})


def windowed(rows: np.ndarray, most_bytes: int, scratch: Path) -> tuple[WindowedBatches, list[int]]:
    """Return the batches and the sizes of what was gathered from the columns for them."""
    taken: list[int] = []

    def read(some: np.ndarray) -> RowTensors:
        assert len(some) * 8 <= max(most_bytes // 8, 64 * 8)  # a window is what it promises to be
        taken.append(len(some))
        return gathered(some)

    def cut(tensors: RowTensors) -> InMemoryBatches:
        return InMemoryBatches(tensors.groups, tensors.targets)

    return WindowedBatches(rows, read, cut, row_bytes=8, most_bytes=most_bytes, scratch=scratch), taken


def told(batches: Iterable[Batch]) -> list[Any]:
    return [
        [[part.tolist() for group in batch.groups for part in group if part is not None]]
        + [each.tolist() for each in batch.targets.values()]
        for batch in batches
    ]


def test_from_the_second_pass_on_rows_lie_side_by_side_and_are_the_same(tmp_path: Path) -> None:
    rows = np.arange(0, 3000, 3)
    batches, taken = windowed(rows, 8000, tmp_path / "rows")
    first = told(batches.epoch(32, seed=5))
    assert sum(taken) == len(rows)
    for number in range(3):
        assert told(batches.epoch(32, seed=5)) == first
        assert sum(taken) == 2 * len(rows), number  # once more to pack them, and never again
    assert told(batches.epoch(32, seed=5, first_step=11)) == first[11:]
    assert told(batches.epoch(32, seed=6)) != first
    in_order = told(batches.epoch(32, seed=None))
    assert in_order == told(windowed(rows, 8000, tmp_path)[0].epoch(32, seed=None))
    assert not list((tmp_path / "rows").iterdir())


def test_without_room_on_the_disk_rows_are_gathered_each_time(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("no folder")
    rows = np.arange(300)
    batches, taken = windowed(rows, 8000, tmp_path / "rows")
    passes = [told(batches.epoch(32, seed=5)) for _ in range(3)]
    assert passes[0] == passes[1] == passes[2]
    assert sum(taken) == 3 * len(rows)


def test_rows_without_a_token_are_packed(tmp_path: Path) -> None:
    rows = np.arange(0, 4000, 4)
    batches, _ = windowed(rows, 8000, tmp_path)
    first = told(batches.epoch(64, seed=1))
    assert told(batches.epoch(64, seed=1)) == first


@pytest.mark.parametrize(("count", "size"), [(1000, 10), (1003, 16), (7, 16), (64, 64), (129, 64)])
def test_every_row_is_in_one_batch_of_an_epoch(tmp_path: Path, count: int, size: int) -> None:
    rows = np.arange(0, count * 3, 3)
    batches, _ = windowed(rows, 20_000, tmp_path)
    epoch = list(batches.epoch(size, seed=5))
    seen = np.concatenate([batch.targets["y"].numpy() for batch in epoch])
    assert len(epoch) == batches.steps(size) and [batch.rows for batch in epoch[:-1]] == [size] * (len(epoch) - 1)
    assert sorted(seen.tolist()) == rows.tolist()
    assert all(torch.equal(batch.groups[0][0][:, 0], batch.targets["y"]) for batch in epoch)
    again = np.concatenate([batch.targets["y"].numpy() for batch in batches.epoch(size, seed=5)])
    assert np.array_equal(seen, again)
    if count > 100:
        other = np.concatenate([batch.targets["y"].numpy() for batch in batches.epoch(size, seed=2**62)])
        assert not np.array_equal(seen, other)
        assert epoch[0].targets["y"].max() - epoch[0].targets["y"].min() > size * 3  # not neighbours alone
    for step in (1, len(epoch) // 2, len(epoch) - 1, len(epoch)):
        rest = [batch.targets["y"].tolist() for batch in batches.epoch(size, seed=5, first_step=step)]
        assert rest == [batch.targets["y"].tolist() for batch in epoch[step:]]


def test_evaluation_meets_every_row_with_its_place(tmp_path: Path) -> None:
    rows = np.arange(5, 1005)
    batches, _ = windowed(rows, 4000, tmp_path)
    for _ in range(3):
        found = np.full(1000, -1.0)
        for places, batch in batches.every_row(32):
            found[places.numpy()] = batch.targets["y"].numpy()
        assert np.array_equal(found, rows)
    in_order = [batch.targets["y"].numpy() for batch in batches.epoch(32, seed=None)]
    assert np.array_equal(np.concatenate(in_order), rows)
