"""The rows of one split while trees are added: their answers so far, to which only the newest trees are added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from declml.contracts import Batch, Rows
from declml.trees.forest import Forest


class FollowedRows:
    """Rows whose answers follow a training: `declml.contracts.Rows`, whose one group is what the trees say so far.

    All trees anew at each evaluation would cost the square of their number.
    """

    def __init__(self, forest: Forest, batches: Rows) -> None:
        self.rows = batches.rows
        places, batch = next(batches.every_row(max(1, batches.rows)))
        order = places.cpu().numpy()
        read = forest.matrix(batch.groups)
        self.matrix = np.empty_like(read)
        self.matrix[order] = read
        self.targets: dict[str, Tensor] = {}
        for name, target in batch.targets.items():
            self.targets[name] = torch.empty_like(target)
            self.targets[name][places] = target
        shape = (self.rows,) if forest.classes is None else (self.rows, forest.classes)
        self._answers = np.zeros(shape, dtype=np.float64)
        self._iterations = 0

    def follow(self, booster: Any, *, additive: bool) -> None:
        """Count the trees that are new. Where old trees change, as in `dart`, all must be counted: not ``additive``."""
        iterations = booster.current_iteration()
        if not additive:
            self._answers = np.asarray(booster.predict(self.matrix, raw_score=True), dtype=np.float64)
        elif iterations > self._iterations:
            new = booster.predict(
                self.matrix, raw_score=True, start_iteration=self._iterations,
                num_iteration=iterations - self._iterations,
            )  # fmt: skip
            self._answers += new
        self._iterations = iterations

    def every_row(self, batch_size: int) -> Iterator[tuple[Tensor, Batch]]:
        """Yield the answers so far and the targets, in the order of the rows."""
        answers = torch.from_numpy(self._answers)
        for places in torch.arange(self.rows).split(batch_size):
            targets = {name: target[places] for name, target in self.targets.items()}
            yield places, Batch([(answers[places], None)], targets, len(places))


class SaidAlready(nn.Module):
    """Answers `FollowedRows`: what stands in the batch is the answer. Shape: ``(batch, ...)`` -> the same."""

    def __init__(self, output: str) -> None:
        super().__init__()
        self._output = output

    def forward(self, groups: list[tuple[Tensor, Tensor | None]]) -> dict[str, Tensor]:
        """Return the only group as the answers of the only output."""
        return {self._output: groups[0][0]}
