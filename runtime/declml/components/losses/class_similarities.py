"""How alike the classes are: which mistakes a loss should take less hard than others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from declml.errors import UserProblem

ClassSimilarities: TypeAlias = list[list[float]] | dict[str, dict[str, float]] | None
CLASS_SIMILARITIES_DOC = (
    "How alike each class is to each: rows of numbers in the order of the vocabulary, or numbers by two names, where a"
    " pair that is not named has 0 and a class itself 1. It needs a temperature."
)
TEMPERATURE_DOC = (
    "What the similarities are divided by before they become shares of each label; larger spreads a label more, and 0"
    " leaves the labels as they are."
)


def similar_labels(
    similarities: Sequence[Sequence[float]] | Mapping[str, Mapping[str, float]], temperature: float, names: list[str]
) -> Tensor:
    """Return what becomes of the label of each class, ``(class, class)`` shares whose rows add up to 1.

    Raises `UserProblem` where the numbers do not fit the names, or no temperature is given.
    """
    if not temperature:
        raise _problem("class_similarities_temperature must be greater than 0 with class_similarities; got 0")
    matrix = _by_name(similarities, names) if isinstance(similarities, Mapping) else similarities
    size = len(names)
    if len(matrix) != size or any(len(row) != size for row in matrix):
        got = f"{len(matrix)} rows of {' or '.join(str(each) for each in sorted({len(row) for row in matrix}))}"
        raise _problem(f"class_similarities must have {size} rows of {size} numbers, one for each class; got {got}")
    if not all(math.isfinite(value) for row in matrix for value in row):
        raise _problem("class_similarities must be finite numbers; got one that is not")
    return (torch.tensor(matrix, dtype=torch.float64) / temperature).softmax(dim=1).float()


def _by_name(similarities: Mapping[str, Mapping[str, float]], names: list[str]) -> list[list[float]]:
    strange = [name for each in (similarities, *similarities.values()) for name in each if str(name) not in names]
    if strange:
        known = ", ".join(f"'{name}'" for name in names[:20])
        raise _problem(f"class_similarities must name classes of the output, {known}; got '{strange[0]}'")
    matrix = [[float(row == column) for column in range(len(names))] for row in range(len(names))]
    for first, others in similarities.items():
        for second, value in others.items():
            matrix[names.index(str(first))][names.index(str(second))] = float(value)
    return matrix


def _problem(rule: str) -> UserProblem:
    return UserProblem("class-similarities-mismatch", f"{rule}.")
