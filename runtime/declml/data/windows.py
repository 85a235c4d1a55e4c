"""Batches of a table that is larger than memory: windows of its mapped columns are read one after another, shuffled.

A window is some blocks of neighbouring rows, drawn anew in each epoch; its rows are shuffled in memory. So the disk is
read in long stretches, and rows from many places of the table share a batch. The next window is read while the one
before trains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from declml.contracts import Batch
from declml.data.batches import InMemoryBatches

_BLOCKS = 16
"""Blocks of a window: more of them mix the rows better and read shorter stretches."""
_SHARE = 8
"""A window is this part of the memory: two of them are in it at a time, beside what reading them takes."""


class WindowedBatches:
    """The rows of one side as windows of tensors: `declml.contracts.Batches`.

    ``rows`` are the side's rows of the table, in rising order; ``read`` makes the batches of some of them;
    ``row_bytes`` is what a row takes in memory, and ``most_bytes`` what all that is in memory may take.
    """

    def __init__(
        self,
        rows: np.ndarray,
        read: Callable[[np.ndarray], InMemoryBatches],
        *,
        row_bytes: float,
        most_bytes: int,
    ) -> None:
        self.rows = len(rows)
        self._places = rows
        self._read = read
        self._window_rows = max(1, int(most_bytes / _SHARE / max(1.0, row_bytes)))

    def steps(self, batch_size: int) -> int:
        """Return how many batches an epoch has; the last one may be smaller."""
        return -(-self.rows // batch_size)

    def epoch(self, batch_size: int, *, seed: int | None, first_step: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch from ``first_step`` on; seed, batch size and memory decide the order."""
        windows = self._windows(batch_size, seed)
        left = first_step
        wanted: list[tuple[int, np.ndarray, int]] = []
        for number, window in enumerate(windows):
            steps = -(-len(window) // batch_size)
            if left < steps:
                wanted.append((number, window, left))
            left = max(0, left - steps)
        for (number, _, skipped), batches in zip(wanted, self._ahead([each[1] for each in wanted]), strict=True):
            own = None if seed is None else (seed * 1_000_003 + number) % (1 << 63)
            yield from batches.epoch(batch_size, seed=own, first_step=skipped)

    def every_row(self, batch_size: int) -> Iterator[tuple[Tensor, Batch]]:
        """Yield every row once, each batch with the places of its rows, ``(row,)`` int64."""
        size = max(batch_size, self._window_rows // batch_size * batch_size)
        starts = range(0, self.rows, size)
        windows = self._ahead([self._places[each : each + size] for each in starts])
        for start, batches in zip(starts, windows, strict=True):
            for places, batch in batches.every_row(batch_size):
                yield places + start, batch

    def _windows(self, batch_size: int, seed: int | None) -> list[np.ndarray]:
        """Return the rows of each window, all but the last a multiple of ``batch_size`` long."""
        block = max(1, self._window_rows // _BLOCKS // batch_size) * batch_size
        count = -(-self.rows // block)
        order = torch.arange(count)
        if seed is not None and count > 1:
            # The last block may be shorter: it comes last, so that only the last batch of an epoch is smaller.
            whole = torch.randperm(count - 1, generator=torch.Generator().manual_seed(seed))
            order = torch.cat([whole, torch.tensor([count - 1])])
        per_window = max(1, self._window_rows // block)
        answer: list[np.ndarray] = []
        for blocks in order.split(per_window):
            parts = [self._places[each * block : (each + 1) * block] for each in sorted(blocks.tolist())]
            answer.append(np.concatenate(parts))
        return answer

    def _ahead(self, windows: Sequence[np.ndarray]) -> Iterator[InMemoryBatches]:
        """Yield the batches of each window, reading the next one meanwhile."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="declml-window") as pool:
            coming = pool.submit(self._read, windows[0]) if windows else None
            for place in range(len(windows)):
                assert coming is not None
                batches = coming.result()
                coming = pool.submit(self._read, windows[place + 1]) if place + 1 < len(windows) else None
                yield batches
