"""A trained forest as a module: the same batches in and the same answers out as a network, so that all else is shared.

It has no weights that torch could train: its trees come from `declml.trees.boosting` or from a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from declml.trees.library import lightgbm


@dataclass(frozen=True, slots=True)
class Columns:
    """One group of a batch as columns of the trees' matrix: ``places`` tells which, one for each feature.

    ``marked`` groups hold each value beside the mark of a missing one, which becomes NaN. ``categorical`` groups hold
    ids.
    """

    places: tuple[int, ...]
    marked: bool = False
    categorical: bool = False


class Forest(nn.Module):
    """Answer with the sum of all trees.

    Shape: the groups of a batch, as ``columns`` tell -> by ``output``: ``(batch,)``, or ``(batch, class)`` where there
    are ``classes``.
    """

    def __init__(self, columns: Sequence[Columns], *, output: str, classes: int | None = None) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.output = output
        self.classes = classes
        self._booster: Any = None
        self.text = ""

    @property
    def categorical(self) -> list[int]:
        """The columns that hold ids."""
        return sorted(place for each in self.columns if each.categorical for place in each.places)

    @property
    def width(self) -> int:
        """The number of columns."""
        return sum(len(each.places) for each in self.columns)

    def matrix(self, groups: Sequence[tuple[Tensor, Tensor | None]]) -> np.ndarray:
        """Return the groups of a batch as the trees read them: float32 ``(batch, column)``, NaN where nothing is."""
        rows = len(groups[0][0])
        matrix = np.empty((rows, self.width), dtype=np.float32)
        for columns, (values, _) in zip(self.columns, groups, strict=True):
            block = values.cpu().numpy().reshape(rows, -1)
            if columns.marked:
                block = np.where(block[:, 1::2] > 0, np.float32(np.nan), block[:, 0::2])
            matrix[:, list(columns.places)] = block
        return matrix

    def forward(self, groups: Sequence[tuple[Tensor, Tensor | None]]) -> dict[str, Tensor]:
        """Return the answers on the raw scale of the loss, by output."""
        if self._booster is None:
            raise RuntimeError("a forest without trees cannot answer")
        raw = self._booster.predict(self.matrix(groups), raw_score=True)
        return {self.output: torch.from_numpy(np.ascontiguousarray(raw))}

    def put(self, text: str) -> None:
        """Take the trees of a model in LightGBM's text form."""
        self._booster = lightgbm().Booster(model_str=text)
        self.text = text

    def extra_facts(self) -> dict[str, dict[str, Any]]:
        """Return what a network would: facts that building it again needs. A forest needs none."""
        return {}

    @property
    def trees(self) -> int:
        """How many trees there are."""
        return 0 if self._booster is None else int(self._booster.num_trees())


def model_text(booster: Any, *, iterations: int) -> str:
    """Return the first ``iterations`` of a booster as text: all that decides an answer, and nothing else.

    LightGBM writes the parameters of the training behind the trees, the number of threads among them.
    """
    text: str = booster.model_to_string(num_iteration=iterations, importance_type="gain")
    head, mark, rest = text.partition("\nparameters:\n")
    tail = rest.partition("\nend of parameters\n")[2]
    return f"{head}\n{tail.lstrip()}" if mark else text
