"""The nearest known name to a misspelt one, for "Did you mean ...?"."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that ``name`` most likely means, or None when none is near enough to be worth saying.

    Case does not count, and ``-``, ``_`` and spaces are the same letter. Cost: one edit distance for each candidate of
    a similar length.
    """
    wanted = _folded(name)
    if not wanted:
        return None
    best: str | None = None
    best_score = (_allowed(wanted) + 1, 0, 0, "")
    for candidate in candidates:
        known = _folded(candidate)
        limit = min(_allowed(wanted), best_score[0])
        if abs(len(known) - len(wanted)) > limit:
            continue
        distance = _distance(wanted, known, limit)
        if distance is None or distance >= len(wanted) or distance >= max(len(known), 2):
            continue
        score = (
            distance,
            -_shared_start(wanted, known),
            -len(known),
            candidate,
        )  # a lost letter is likelier than a wrong one
        if score < best_score:
            best, best_score = candidate, score
    return best


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")


def _allowed(name: str) -> int:
    """Return how many typing mistakes a word of this length may have: 1 in 3 letters, 2 from 5, 3 from 9."""
    length = len(name)
    return 1 if length < 5 else 2 if length < 9 else 3


def _shared_start(first: str, second: str) -> int:
    count = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        count += 1
    return count


def _distance(first: str, second: str, limit: int) -> int | None:
    """Return the edits (insert, delete, replace, swap neighbours) between two words, or None when over ``limit``.

    Optimal string alignment: Damerau-Levenshtein in which no letter is edited twice.
    """
    before: list[int] = []
    previous = list(range(len(second) + 1))
    for row, letter in enumerate(first, start=1):
        current = [row]
        for column, other in enumerate(second, start=1):
            same = letter == other
            cost = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (not same))
            if row > 1 and column > 1 and letter == second[column - 2] and first[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return None
        before, previous = previous, current
    return previous[-1] if previous[-1] <= limit else None
