"""The metric ``kendall`` for numbers: do answers and targets come in the same order? (Kendall's tau-b.)"""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def kendall(scores: Tensor, targets: Tensor) -> float:
    """Return tau-b of two ``(row,)`` of numbers; nan unless both vary. The time goes as n log(n)**2.

    torchmetrics looks at each pair of rows, which takes hours for a million of them.
    """
    if len(targets) < 2:
        return math.nan
    said = np.unique(scores.numpy(), return_inverse=True)[1]
    true = np.unique(targets.numpy(), return_inverse=True)[1]
    order = np.lexsort((said, true))
    ties = [_pairs(np.unique(each, return_counts=True)[1]) for each in (said, true, said * (true.max() + 1) + true)]
    rows = len(said)
    every = rows * (rows - 1) // 2
    # Rows of equal truth stand in the order of their answers: they add no inversion.
    twisted = _inversions(said[order])
    agreeing = every - ties[0] - ties[1] + ties[2] - 2 * twisted
    below = math.sqrt(every - ties[0]) * math.sqrt(every - ties[1])
    return max(-1.0, min(1.0, agreeing / below)) if below else math.nan


def _pairs(counts: np.ndarray) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _inversions(values: np.ndarray) -> int:
    """Return how many pairs stand in falling order, ``(row,)`` of whole numbers: those of each pair of blocks."""
    places = np.arange(len(values))
    total, width = 0, 1
    while width < len(values):
        block, is_left = places // (2 * width), places % (2 * width) < width
        order = np.lexsort((~is_left, values, block))  # in each block by value, the left half first among equals
        left = is_left[order]
        before = np.cumsum(left) - left
        start = np.searchsorted(block[order], block[order])
        lefts = np.bincount(block, weights=is_left)[block[order]]
        smaller = before - before[start]
        total += int((lefts - smaller)[~left].sum())
        width *= 2
    return total


def build_kendall() -> Metric:
    """Return the function."""
    return kendall


COMPONENT = Component(
    "metric",
    "kendall",
    "Whether answers and targets come in the same order (Kendall's tau-b): 1 is fully, 0 not at all, -1 reversed.",
    features=("number",),
    build=build_kendall,
    facts={"goal": "maximize", "range": [-1.0, 1.0], "on_request": True},
)
