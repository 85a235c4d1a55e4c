"""Batches of a table that is larger than memory: windows of its mapped columns are read one after another, shuffled.

A window is some blocks of neighbouring rows, drawn anew in each epoch; its rows are shuffled in memory. So the disk is
read in long stretches, and rows from many places of the table share a batch. The next window is read while the one
before trains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from declml.contracts import Batch
from declml.data.batches import InMemoryBatches, RowTensors
from declml.data.packed_rows import PackedRows

_Window: TypeAlias = list[tuple[int, int]]
"""Stretches of a side's rows, from a first until before a last."""
_BLOCKS = 16
"""Blocks of a window: more of them mix the rows better and read shorter stretches."""
_SHARE = 8
"""A window is this part of the memory: two of them are in it at a time, beside what reading them takes."""


class WindowedBatches:
    """The rows of one side as windows of tensors: `declml.contracts.Batches`.

    ``rows`` are the side's rows of the table; ``read`` gathers some of them, and ``cut`` makes batches of what it
    gives; ``row_bytes`` is what a row takes in memory, and ``most_bytes`` what all that is in memory may take. From the
    second pass on the rows come from files in ``scratch``, where they lie side by side.
    """

    def __init__(
        self,
        rows: np.ndarray,
        read: Callable[[np.ndarray], RowTensors],
        cut: Callable[[RowTensors], InMemoryBatches],
        *,
        row_bytes: float,
        most_bytes: int,
        scratch: Path,
    ) -> None:
        self.rows = len(rows)
        self._places = rows
        self._read = read
        self._cut = cut
        self._window_rows = max(1, int(most_bytes / _SHARE / max(1.0, row_bytes)))
        self._scratch = scratch
        self._packed: PackedRows | None = None
        self._passes = 0

    def steps(self, batch_size: int) -> int:
        """Return how many batches an epoch has; the last one may be smaller."""
        return -(-self.rows // batch_size)

    def epoch(self, batch_size: int, *, seed: int | None, first_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch from ``first_step`` on; seed, batch size and memory decide the order."""
        windows = self._windows(batch_size, seed)
        left = first_step
        wanted: list[tuple[int, _Window, int]] = []
        for number, window in enumerate(windows):
            steps = -(-_length(window) // batch_size)
            if left < steps:
                wanted.append((number, window, left))
            left = max(0, left - steps)
        for (number, _, skipped), batches in zip(wanted, self._ahead([each[1] for each in wanted]), strict=True):
            own = None if seed is None else (seed * 1_000_003 + number) % (1 << 63)
            yield from batches.epoch(batch_size, seed=own, first_step=skipped)

    def every_row(self, batch_size: int) -> Iterator[tuple[Tensor, Batch]]:
        """Yield every row once, each batch with the places of its rows, ``(row,)`` int64."""
        size = max(batch_size, self._window_rows // batch_size * batch_size)
        windows: list[_Window] = [[(start, min(start + size, self.rows))] for start in range(0, self.rows, size)]
        for window, batches in zip(windows, self._ahead(windows), strict=True):
            for places, batch in batches.every_row(batch_size):
                yield places + window[0][0], batch

    def _windows(self, batch_size: int, seed: int | None) -> list[_Window]:
        """Return the stretches of rows of each window, all but the last a multiple of ``batch_size`` long together."""
        block = max(1, self._window_rows // _BLOCKS // batch_size) * batch_size
        count = -(-self.rows // block)
        order = torch.arange(count)
        if seed is not None and count > 1:
            # The last block may be shorter: it comes last, so that only the last batch of an epoch is smaller.
            whole = torch.randperm(count - 1, generator=torch.Generator().manual_seed(seed))
            order = torch.cat([whole, torch.tensor([count - 1])])
        per_window = max(1, self._window_rows // block)
        return [
            [(each * block, min((each + 1) * block, self.rows)) for each in sorted(blocks.tolist())]
            for blocks in order.split(per_window)
        ]

    def _ahead(self, windows: Sequence[_Window]) -> Iterator[InMemoryBatches]:
        """Yield the batches of each window, reading the next one meanwhile."""
        self._passes += 1
        if self._passes == 2:
            self._packed = self._pack()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="declml-window") as pool:
            coming = pool.submit(self._batches, windows[0]) if windows else None
            for place in range(len(windows)):
                assert coming is not None
                batches = coming.result()
                coming = pool.submit(self._batches, windows[place + 1]) if place + 1 < len(windows) else None
                yield batches

    def _batches(self, window: _Window) -> InMemoryBatches:
        if self._packed is not None:
            return self._cut(self._packed.take(window))
        return self._cut(self._read(np.concatenate([self._places[start:stop] for start, stop in window])))

    def _pack(self) -> PackedRows | None:
        """Return the rows in files; None where the disk has no room for them, and they are gathered as before."""
        size = max(1, self._window_rows)
        pieces = (self._read(self._places[start : start + size]) for start in range(0, self.rows, size))
        try:
            return PackedRows(pieces, self._scratch)
        except OSError:
            return None


def _length(window: _Window) -> int:
    return sum(stop - start for start, stop in window)
