"""Rows in memory become batches of tensors: slices of tensors, no workers, an order that a seed decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from declml.contracts import Batch, Encoded
from declml.token_rows import NO_TOKEN

POOL_BATCHES = 50
"""Batches whose rows are sorted by length together: more of them pad less and mix the rows less."""


@dataclass(frozen=True, slots=True)
class GroupSource:
    """The values of one group of features for the rows of one side.

    Dense: ``values`` is ``(row, feature)``, float32 numbers or integer ids. Ragged: ``values`` is ``(token,)`` ids and
    ``offsets`` ``(row + 1,)``; a batch is padded with ``pad`` to its longest row, or to ``width`` tokens where that is
    given.
    """

    values: Tensor
    offsets: Tensor | None = None
    pad: int = 0
    width: int | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    def lengths(self) -> Tensor | None:
        """Return the tokens of each row, ``(row,)``, or None for a dense group."""
        return None if self.offsets is None else self.offsets[1:] - self.offsets[:-1]

    def to(self, device: str | torch.device) -> GroupSource:
        """Return the group with its tensors on ``device``."""
        offsets = None if self.offsets is None else self.offsets.to(device)
        return GroupSource(self.values.to(device), offsets, self.pad, self.width)

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the values of ``rows`` as an encoder takes them, with their lengths for a ragged group.

        Dense: float32 or int64 ``(batch, feature)``. Ragged: int64 ``(batch, token)`` and int64 ``(batch,)``.
        """
        if self.offsets is None:
            values = self.values.index_select(0, rows)
            return (values if values.is_floating_point() else values.long()), None
        starts = self.offsets.index_select(0, rows)
        lengths = self.offsets.index_select(0, rows + 1) - starts
        width = self.width if self.width is not None else (int(lengths.max()) if len(rows) else 0)
        lengths = lengths.clamp(max=width)
        steps = torch.arange(width, device=starts.device)
        inside = steps < lengths[:, None]  # (batch, token)
        places = (starts[:, None] + steps).masked_fill(~inside, 0)
        if self.values.numel() == 0:
            return torch.full(places.shape, self.pad, dtype=torch.int64, device=starts.device), lengths
        tokens = self.values[places].long().masked_fill(~inside, self.pad)
        return tokens, lengths


@dataclass(frozen=True, slots=True)
class RowTensors:
    """Rows as the tensors that batches are cut from: one source for each group, and the targets by output."""

    groups: Sequence[GroupSource]
    targets: Mapping[str, Tensor | GroupSource]


def dense_group(columns: Sequence[np.ndarray], rows: np.ndarray) -> GroupSource:
    """Return the columns of one group as one row-major matrix of the given ``rows``.

    Each column is ``(row,)`` or ``(row, width)``; all are floats (kept as float32) or all integers (kept as int32).
    """
    widths = [1 if column.ndim == 1 else column.shape[1] for column in columns]
    is_float = columns[0].dtype.kind == "f"
    matrix = np.empty((len(rows), sum(widths)), dtype=np.float32 if is_float else np.int32)
    start = 0
    for column, width in zip(columns, widths, strict=True):
        matrix[:, start : start + width] = np.take(column, rows, axis=0).reshape(len(rows), width)
        start += width
    return GroupSource(torch.from_numpy(matrix))


def ragged_group(encoded: Encoded, rows: np.ndarray, *, pad: int = 0, width: int | None = None) -> GroupSource:
    """Return the tokens of the given ``rows`` of one text feature, without their padding."""
    if encoded.offsets is None:
        raise ValueError("a ragged group needs offsets")
    offsets = np.asarray(encoded.offsets)
    lengths = (offsets[1:] - offsets[:-1])[rows]
    target = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(lengths, out=target[1:])
    # The place of each token in the source: the start of its row, and how far it is into the row.
    places = np.repeat(offsets[:-1][rows] - target[:-1], lengths) + np.arange(target[-1])
    values = np.ascontiguousarray(np.asarray(encoded.values)[places], dtype=np.int32)
    return GroupSource(torch.from_numpy(values), torch.from_numpy(target), pad, width)


def targets_of(encoded: Encoded, rows: np.ndarray) -> Tensor | GroupSource:
    """Return the targets of the given ``rows``, as `target_tensor` does; tokens are padded with `NO_TOKEN` later."""
    if encoded.offsets is not None:
        return ragged_group(encoded, rows, pad=NO_TOKEN)
    return target_tensor(encoded.values, rows)


def target_tensor(encoded: np.ndarray, rows: np.ndarray) -> Tensor:
    """Return the targets of the given ``rows``: int64 class ids, float32 numbers and binaries, uint8 items of sets."""
    values = np.ascontiguousarray(encoded[rows])
    if values.dtype == np.uint8:  # a byte for each item of each row is much already
        return torch.from_numpy(values)
    return torch.from_numpy(values.astype(np.int64 if values.dtype.kind in "iu" else np.float32))


class InMemoryBatches:
    """The rows of one side as tensors: `declml.contracts.Batches`.

    ``groups`` are in the order of the model's groups, ``targets`` ``(row,)`` by output, or tokens. With ``by_length``,
    a shuffled epoch puts rows of like length together: the rows are shuffled, sorted within pools of 50 batches, and
    the batches shuffled.
    """

    def __init__(
        self,
        groups: Sequence[GroupSource],
        targets: Mapping[str, Tensor | GroupSource],
        *,
        device: str | torch.device = "cpu",
        by_length: bool = False,
        length_groups: Sequence[int] | None = None,
    ) -> None:
        tokens = {name: each for name, each in targets.items() if isinstance(each, GroupSource)}
        plain = {name: each for name, each in targets.items() if isinstance(each, Tensor)}
        sizes = {group.rows for group in (*groups, *tokens.values())} | {len(target) for target in plain.values()}
        if len(sizes) != 1:
            raise ValueError(f"all groups and targets must have the same rows; got {sorted(sizes)}")
        self.rows = sizes.pop()
        self.device = torch.device(device)
        counted = groups if length_groups is None else [groups[place] for place in length_groups]
        counted = [*counted, *tokens.values()] if length_groups is None else counted
        self._lengths = _total_lengths(counted) if by_length else None
        # Texts that are cut to one width cost the same beside any others.
        padded = [group for group in (*groups, *tokens.values()) if group.width is None]
        self._padded_lengths = _total_lengths(padded)
        self._groups = [group.to(self.device) for group in groups]
        self._targets = {name: target.to(self.device) for name, target in plain.items()}
        self._tokens = {name: target.to(self.device) for name, target in tokens.items()}

    def steps(self, batch_size: int) -> int:
        """Return how many batches an epoch has; the last one may be smaller."""
        return -(-self.rows // batch_size)

    def epoch(self, batch_size: int, *, seed: int | None, first_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch from ``first_step`` on; ``seed`` and ``batch_size`` decide the order."""
        chunks = self._order(batch_size, seed)
        for rows in chunks[first_step:]:
            yield self._batch(rows.to(self.device))

    def every_row(self, batch_size: int) -> Iterator[tuple[Tensor, Batch]]:
        """Yield every row once, the longest texts first, each batch with the places of its rows, ``(row,)`` int64."""
        if self.rows == 0:
            return
        lengths = self._padded_lengths
        order = torch.arange(self.rows) if lengths is None else torch.argsort(lengths, descending=True, stable=True)
        for places in order.split(batch_size):
            rows = places.to(self.device)
            yield rows, self._batch(rows)

    def _order(self, batch_size: int, seed: int | None) -> list[Tensor]:
        """Return the rows of each batch. Drawn on the CPU, so that every device sees the same order."""
        if self.rows == 0:
            return []
        if seed is None:
            return list(torch.arange(self.rows).split(batch_size))
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(self.rows, generator=generator)
        if self._lengths is None:
            return list(order.split(batch_size))
        pools = order.split(batch_size * POOL_BATCHES)
        ordered = torch.cat([pool[torch.argsort(self._lengths[pool], stable=True)] for pool in pools])
        batches = ordered.split(batch_size)
        return [batches[place] for place in torch.randperm(len(batches), generator=generator).tolist()]

    def _batch(self, rows: Tensor) -> Batch:
        targets = {name: target.index_select(0, rows) for name, target in self._targets.items()}
        for name, target in self._tokens.items():
            targets[name] = target.take(rows)[0]
        return Batch(groups=[group.take(rows) for group in self._groups], targets=targets, rows=len(rows))


def _total_lengths(groups: Sequence[GroupSource]) -> Tensor | None:
    """Return the tokens of each row over all ragged groups, ``(row,)``; None where there are none."""
    lengths = [each for each in (group.lengths() for group in groups) if each is not None]
    return torch.stack(lengths).sum(0).cpu() if lengths else None
