"""From the answers of a decoder of classes to probabilities, by the function that its loss trained them for.

Which one it is stands in the target's facts as ``link``: ``{"name": "corn", "ranks": [...]}``, ``{"name":
"sparsemax"}`` or ``{"name": "entmax15"}``; without it the answers are logits of a softmax.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from declml.contracts import Facts
from declml.errors import UserProblem


def class_probabilities(answers: np.ndarray, facts: Facts) -> np.ndarray:
    """Return probabilities, ``(row, class)`` float64, of answers ``(row, class)``; those of `corn` are one narrower.

    They are divided by ``facts["temperature"]`` first, where a calibration left one.
    """
    scores = np.asarray(answers, dtype=np.float64) / facts.get("temperature", 1.0)
    link = facts.get("link")
    if link is None:
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)
    if link["name"] == "corn":
        return _of_ranks(scores, link["ranks"])
    import torch  # what is sparse is computed by the one code that also trains it

    from declml.components import sparse_softmax

    function = {"sparsemax": sparse_softmax.sparsemax, "entmax15": sparse_softmax.entmax15}[link["name"]]
    return function(torch.from_numpy(np.ascontiguousarray(scores))).numpy()


def answers_for(facts: Facts) -> int:
    """Return how many numbers a decoder answers for a row of these classes: one less where each is a step upwards."""
    return len(facts["classes"]) - (facts.get("link", {}).get("name") == "corn")


def ranks_of(classes: Sequence[str], order: Sequence[str] | None) -> list[int]:
    """Return the places of ``classes`` from the lowest to the highest.

    Without ``order`` the classes must be numbers. Raises `UserProblem` where the classes have no order, or another
    set of names has.
    """
    if order is None:
        numbers = [_number(name) for name in classes]
        if not all(math.isfinite(each) for each in numbers):
            raise UserProblem(
                "unordered-classes",
                f"order must name the classes from the lowest to the highest, as they are no numbers; got null for"
                f" {_listed(classes)}.",
                hint=f"order: [{', '.join(classes[:20])}], in the right order.",
            )
        return sorted(range(len(classes)), key=lambda place: numbers[place])
    if sorted(order) != sorted(classes):
        missing = [name for name in classes if name not in order]
        strange = [name for name in order if name not in classes]
        got = f"none for {_listed(missing)}" if missing else f"the unknown {_listed(strange)}" if strange else "a name"
        raise UserProblem(
            "unordered-classes",
            f"order must name each class once and no other; got {got}{'' if missing or strange else ' twice'}.",
            hint=f"The classes are {_listed(classes)}.",
        )
    return [list(classes).index(name) for name in order]


def _of_ranks(scores: np.ndarray, ranks: Sequence[int]) -> np.ndarray:
    """Return the probability of each class from those of going one step higher, given that the step is reached."""
    higher = np.where(scores >= 0, 1 / (1 + np.exp(-np.abs(scores))), 1 - 1 / (1 + np.exp(-np.abs(scores))))
    reached = np.cumprod(higher, axis=1)  # (row, step): the probability of being above each step
    ones = np.ones((len(scores), 1))
    by_rank = np.concatenate([ones, reached[:, :-1]], axis=1) * (1 - higher)
    by_rank = np.concatenate([by_rank, reached[:, -1:]], axis=1)  # (row, rank)
    answer = np.empty_like(by_rank)
    answer[:, list(ranks)] = by_rank
    return answer


def _number(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return math.nan


def _listed(names: Sequence[str], limit: int = 20) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown
