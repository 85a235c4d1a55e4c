"""Which class is taken for which: counts of true against answered classes, for binary and category outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of rows: ``counts[i][j]`` have the true class ``classes[i]`` and were answered ``classes[j]``."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as an event tells it."""
        return {"classes": list(self.classes), "counts": [list(row) for row in self.counts]}


def confusion(scores: Tensor, targets: Tensor, classes: Sequence[str], *, threshold: float = 0.5) -> Confusion:
    """Return the confusion counts of one output, its scores and targets being on the scale of the metrics.

    ``(row, class)`` probabilities answer the most probable class; ``(row,)`` probabilities of a binary answer the
    second of its two ``classes`` from ``threshold`` on.
    """
    if len(targets) == 0:
        answered = torch.zeros(0, dtype=torch.int64)
    elif scores.ndim == 1:
        answered = (scores >= threshold).long()
    else:
        answered = scores.argmax(dim=1)
    if targets.ndim == 2:  # shares: the largest is the truth
        targets = targets.argmax(dim=1)
    number = len(classes)
    places = targets.long() * number + answered
    counts = torch.bincount(places, minlength=number * number).reshape(number, number)
    return Confusion(tuple(classes), tuple(tuple(row) for row in counts.tolist()))
