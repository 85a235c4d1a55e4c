"""What the metrics ``rouge_1``, ``rouge_2`` and ``rouge_l`` share: words that answer and truth have in common."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from declml.contracts import Metric
from declml.token_rows import SpokenScores, TokenRows
from declml_schema.declare import Component


def common_runs(said: Sequence[str], truth: Sequence[str], *, size: int) -> tuple[int, int, int]:
    """Return how many runs of ``size`` words both have, and how many each has."""
    left, right = _runs(said, size), _runs(truth, size)
    return (left & right).total(), left.total(), right.total()


def common_order(said: Sequence[str], truth: Sequence[str]) -> tuple[int, int, int]:
    """Return how many words stand in both in the same order, not always next to each other, and how many each has."""
    longest = [0] * (len(truth) + 1)
    for word in said:
        before = 0
        for place, other in enumerate(truth, start=1):
            above = longest[place]
            longest[place] = before + 1 if word == other else max(above, longest[place - 1])
            before = above
    return longest[-1], len(said), len(truth)


def _runs(words: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[start : start + size]) for start in range(len(words) - size + 1))


def build_rouge(count: Callable[[Sequence[str], Sequence[str]], tuple[int, int, int]]) -> Metric:
    """Return the function for what was said and the true tokens: the mean F1 of the rows (Lin 2004); nan without."""

    def rouge(scores: SpokenScores, targets: TokenRows) -> float:
        pairs = zip(scores.texts(scores.said.tokens), scores.texts(targets), strict=True)
        values = [_f1(*count(said.split(), truth.split())) for said, truth in pairs]
        return math.fsum(values) / len(values) if values else math.nan

    return rouge


def _f1(common: int, said: int, truth: int) -> float:
    return 2 * common / (said + truth) if said + truth else 1.0


def rouge_metric(name: str, doc: str, build: Callable[[], Metric]) -> Component:
    """Return the metric ``name``."""
    return Component(
        "metric",
        name,
        doc,
        features=("sequence", "text"),
        build=build,
        facts={"goal": "maximize", "range": [0.0, 1.0], "on_request": True},
    )
