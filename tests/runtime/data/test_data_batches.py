"""Batches: every row once, in an order that the seed decides, ragged rows padded to their batch."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from declml.contracts import Batch, Encoded
from declml.data.batches import GroupSource, InMemoryBatches, dense_group, ragged_group, target_tensor


def ragged(lengths: list[int]) -> Encoded:
    """Return rows of these lengths; the tokens of row ``i`` are all ``i + 1``."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    values = np.repeat(np.arange(1, len(lengths) + 1, dtype=np.int32), lengths)
    return Encoded(values, offsets=offsets)


def batches_of(rows: int = 103, **options) -> InMemoryBatches:
    everything = np.arange(rows)
    lengths = np.random.Generator(np.random.PCG64(5)).integers(1, 40, rows).tolist()
    groups = [
        dense_group([np.arange(rows, dtype=np.float32), np.arange(rows, dtype=np.float32) * 10], everything),
        dense_group([np.arange(rows, dtype=np.int32)], everything),
        ragged_group(ragged(lengths), everything),
    ]
    return InMemoryBatches(groups, {"y": target_tensor(np.arange(rows, dtype=np.float32), everything)}, **options)


def rows_of(batches: InMemoryBatches, size: int, **options) -> list[list[int]]:
    return [batch.targets["y"].long().tolist() for batch in batches.epoch(size, **options)]


def same(left: Batch, right: Batch) -> bool:
    pairs = list(zip(left.groups, right.groups, strict=True))
    equal = all(torch.equal(a[0], b[0]) for a, b in pairs)
    return equal and torch.equal(left.targets["y"], right.targets["y"]) and left.rows == right.rows


def test_a_batch_has_every_group_of_the_same_rows_in_the_types_of_the_contract() -> None:
    for batch in batches_of().epoch(10, seed=1):
        (numbers, none), (ids, also_none), (tokens, lengths) = batch.groups
        rows = batch.targets["y"].long()
        assert none is None and also_none is None and lengths is not None
        assert numbers.dtype == torch.float32 and numbers.shape == (batch.rows, 2)
        assert torch.equal(numbers[:, 1], rows * 10.0)
        assert ids.dtype == torch.int64 and torch.equal(ids[:, 0], rows)
        assert tokens.dtype == torch.int64 and lengths.dtype == torch.int64
        assert tokens.shape == (batch.rows, int(lengths.max()))
        inside = torch.arange(tokens.shape[1]) < lengths[:, None]
        assert torch.equal(tokens, torch.where(inside, rows[:, None] + 1, 0))


@pytest.mark.parametrize("by_length", [False, True])
@pytest.mark.parametrize("size", [1, 10, 103, 500])
def test_an_epoch_has_every_row_once_and_its_seed_decides_the_order(size: int, by_length: bool) -> None:
    batches = batches_of(by_length=by_length)
    rows = rows_of(batches, size, seed=1)
    assert len(rows) == batches.steps(size)
    assert sorted(chain.from_iterable(rows)) == list(range(103))
    assert rows == rows_of(batches, size, seed=1)
    if size == 10:
        assert rows != rows_of(batches, size, seed=2)


def test_without_a_seed_the_rows_keep_their_order() -> None:
    assert list(chain.from_iterable(rows_of(batches_of(by_length=True), 10, seed=None))) == list(range(103))


@given(st.integers(1, 11), st.integers(0, 12), st.booleans())
@settings(deadline=None, max_examples=30)
def test_an_epoch_goes_on_from_a_step_as_if_it_had_never_stopped(size: int, first_step: int, by_length: bool) -> None:
    batches = batches_of(by_length=by_length)
    whole = list(batches.epoch(size, seed=9))
    rest = list(batches.epoch(size, seed=9, first_step=first_step))
    assert len(rest) == max(0, len(whole) - first_step)
    assert all(same(left, right) for left, right in zip(whole[first_step:], rest, strict=True))


@pytest.mark.parametrize("size", [1, 10, 103, 500])
def test_a_pass_has_every_row_once_at_its_place_and_pads_little(size: int) -> None:
    batches = batches_of()
    places: list[int] = []
    lengths: list[int] = []
    for rows, batch in batches.every_row(size):
        assert torch.equal(batch.targets["y"].long(), rows)
        assert batch.rows == len(rows)
        tokens = batch.groups[2][1]
        assert tokens is not None
        assert batch.groups[2][0].shape[1] == int(tokens.max())
        places += rows.tolist()
        lengths += tokens.tolist()
    assert sorted(places) == list(range(103))
    assert lengths == sorted(lengths, reverse=True)
    assert len(list(batches.every_row(size))) == batches.steps(size)


def test_a_pass_over_rows_of_one_width_keeps_their_order() -> None:
    rows = np.arange(7)
    dense = dense_group([np.arange(7, dtype=np.float32)], rows)
    fixed = ragged_group(ragged([3, 1, 4, 1, 5, 2, 6]), rows, width=4)
    for groups in ([dense], [dense, fixed]):
        batches = InMemoryBatches(groups, {"y": target_tensor(np.arange(7, dtype=np.float32), rows)})
        assert [each.tolist() for each, _ in batches.every_row(3)] == [[0, 1, 2], [3, 4, 5], [6]]


def test_batches_by_length_pad_less_and_come_in_no_order_of_length() -> None:
    def padded(batches: InMemoryBatches) -> int:
        return sum(batch.groups[2][0].numel() for batch in batches.epoch(8, seed=1))

    assert padded(batches_of(2000, by_length=True)) < 0.65 * padded(batches_of(2000))
    widths = [batch.groups[2][0].shape[1] for batch in batches_of(2000, by_length=True).epoch(8, seed=1)]
    assert widths != sorted(widths)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=20), st.data())
@settings(deadline=None)
def test_a_ragged_group_of_chosen_rows_holds_exactly_their_tokens(lengths: list[int], data) -> None:
    chosen = np.array(data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=20)), dtype=np.int64)
    group = ragged_group(ragged(lengths), chosen, pad=99)
    assert group.rows == len(chosen)
    tokens, found = group.take(torch.arange(len(chosen)))
    assert found is not None and found.tolist() == [lengths[row] for row in chosen]
    for place, row in enumerate(chosen.tolist()):
        expected = [row + 1] * lengths[row]
        assert tokens[place].tolist() == expected + [99] * (tokens.shape[1] - len(expected))


def test_a_fixed_width_pads_and_cuts_every_batch() -> None:
    group = ragged_group(ragged([2, 5]), np.array([0, 1]), width=3)
    tokens, lengths = group.take(torch.tensor([0, 1]))
    assert tokens.tolist() == [[1, 1, 0], [2, 2, 2]]
    assert lengths is not None and lengths.tolist() == [2, 3]


def test_rows_may_come_from_a_read_only_file(tmp_path) -> None:
    np.save(tmp_path / "x.npy", np.arange(10, dtype=np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    group = dense_group([mapped], np.array([3, 1]))
    assert group.values.tolist() == [[3.0], [1.0]]
    assert target_tensor(mapped, np.array([2])).tolist() == [2.0]
    assert target_tensor(np.array([4, 5], dtype=np.int32), np.array([1])).dtype == torch.int64


def test_no_rows_give_no_batches_and_unequal_rows_are_a_mistake() -> None:
    empty = InMemoryBatches([GroupSource(torch.zeros(0, 2))], {"y": torch.zeros(0)})
    assert empty.steps(8) == 0 and list(empty.epoch(8, seed=1)) == [] and list(empty.every_row(8)) == []
    with pytest.raises(ValueError, match="must have the same rows"):
        InMemoryBatches([GroupSource(torch.zeros(3, 2))], {"y": torch.zeros(2)})
    with pytest.raises(ValueError, match="needs offsets"):
        ragged_group(Encoded(np.zeros(3)), np.array([0]))
