"""Metrics of sequences: written out by hand, the best value for the truth and a worse one for noise, without rows."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Sequence

import numpy as np
import pytest

import declml.components.metrics as folder
from declml.token_rows import Said, SpokenScores, TokenRows
from declml_schema.declare import Component

VOCABULARY = ["<PAD>", "<UNK>", "ab", "c", "def", "g"]
METRICS = {
    value.name: value
    for info in pkgutil.iter_modules(folder.__path__)
    for value in vars(importlib.import_module(f"{folder.__name__}.{info.name}")).values()
    if isinstance(value, Component) and "sequence" in value.features
}


def rows(lists: Sequence[Sequence[int]]) -> TokenRows:
    values = np.array([token for each in lists for token in each], dtype=np.int32)
    return TokenRows.of_lengths(values, np.array([len(each) for each in lists], dtype=np.int64))


def texts(tokens: TokenRows) -> list[str]:
    return [" ".join(VOCABULARY[token] for token in row[row >= 0]) for row in tokens.padded()]


def spoken(lists: Sequence[Sequence[int]], chance: float = 0.5, *, truth: TokenRows | None = None) -> SpokenScores:
    tokens = rows(lists)
    lengths = tokens.lengths if truth is None else truth.lengths
    surprise = -math.log(chance) * np.stack([lengths, np.maximum(lengths - 1, 0)], axis=1)
    counts = np.stack([lengths, np.maximum(lengths - 1, 0)], axis=1)
    surprises = np.stack([surprise[:, 0], counts[:, 0], surprise[:, 1], counts[:, 1]], axis=1)
    return SpokenScores(Said(tokens, np.full(len(tokens.values), chance), np.zeros(len(tokens)), surprises), texts)


TRUTH = [[2, 3, 4], [3, 2], [4], [5, 5, 2, 5, 5], [2, 2, 3, 3, 4, 4]]
SAID = [[2, 3, 4], [2], [], [5, 5, 5, 5], [2, 2, 3, 3, 4, 4, 5]]


def score(name: str, said: SpokenScores, truth: TokenRows) -> float:
    build = METRICS[name].build
    assert build is not None
    return build()(said, truth)


def levenshtein(left: Sequence[int], right: Sequence[int]) -> int:
    row = list(range(len(right) + 1))
    for count, one in enumerate(left, start=1):
        before, row = row, [count]
        for place, other in enumerate(right, start=1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (one != other)))
    return row[-1]


def test_they_are_what_their_names_say() -> None:
    said, truth = spoken(SAID, 0.25, truth=rows(TRUTH)), rows(TRUTH)
    right = 3 + 0 + 0 + 3 + 6
    assert score("token_accuracy", said, truth) == pytest.approx(right / 17)
    assert score("sequence_accuracy", said, truth) == pytest.approx(1 / 5)
    assert score("edit_distance", said, truth) == pytest.approx((0 + 1 + 1 + 1 + 1) / 5)
    assert score("perplexity", said, truth) == pytest.approx(4)
    assert score("next_token_perplexity", said, truth) == pytest.approx(4)
    assert score("rouge_1", said, truth) == pytest.approx((1 + 2 / 3 + 0 + 8 / 9 + 12 / 13) / 5)
    assert score("rouge_l", said, truth) == pytest.approx((1 + 2 / 3 + 0 + 8 / 9 + 12 / 13) / 5)
    # One word without a neighbour has no pair: of two such texts nothing differs.
    assert score("rouge_2", said, truth) == pytest.approx((1 + 0 + 1 + 4 / 7 + 10 / 11) / 5)
    assert score("word_error_rate", said, truth) == pytest.approx(4 / 17)


def test_the_distance_is_that_of_levenshtein() -> None:
    random = np.random.default_rng(4)
    left, right = ([random.integers(2, 5, random.integers(0, 8)).tolist() for _ in range(5000)] for _ in range(2))
    expected = [levenshtein(one, other) for one, other in zip(left, right, strict=True)]
    assert score("edit_distance", spoken(left), rows(right)) == pytest.approx(float(np.mean(expected)))


@pytest.mark.parametrize("name", METRICS)
def test_the_goal_points_from_noise_to_truth(name: str) -> None:
    facts = METRICS[name].facts
    truth = rows(TRUTH)
    best = score(name, spoken(TRUTH, 1.0), truth)
    worse = score(name, spoken(SAID, 0.25, truth=truth), truth)
    assert (best > worse) if facts["goal"] == "maximize" else (best < worse)
    low, high = facts["range"]
    for value in (best, worse):
        assert low - 1e-6 <= value
        assert high is None or value <= high + 1e-6


@pytest.mark.parametrize("name", METRICS)
def test_without_rows_there_is_no_score(name: str) -> None:
    assert math.isnan(score(name, spoken([]), rows([])))


def test_rows_of_tokens_can_be_taken_apart() -> None:
    tokens = rows(SAID)
    assert tokens.padded(2).tolist() == [[2, 3], [2, -100], [-100, -100], [5, 5], [2, 2]]
    chosen = tokens.take(np.array([4, 2, 0]))
    assert (chosen.values.tolist(), chosen.lengths.tolist()) == ([2, 2, 3, 3, 4, 4, 5, 2, 3, 4], [7, 0, 3])
    assert tokens.without(5).lengths.tolist() == [3, 1, 0, 0, 6]
    assert tokens.without(None) is tokens
