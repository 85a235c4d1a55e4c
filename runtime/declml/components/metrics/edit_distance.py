"""The metric ``edit_distance``, for sequences and texts: how many tokens stand between an answer and the truth?"""

from __future__ import annotations

import math

import numpy as np

from declml.contracts import Metric
from declml.token_rows import SpokenScores, TokenRows
from declml_schema.declare import Component

_ROWS = 4096
"""Rows that are compared at a time."""


def edit_distances(said: TokenRows, truth: TokenRows) -> np.ndarray:
    """Return for each row how many tokens have to be inserted, left out or replaced, ``(row,)`` (Levenshtein)."""
    parts = [np.arange(start, min(start + _ROWS, len(said))) for start in range(0, len(said), _ROWS)]
    return np.concatenate([_distances(said.take(rows), truth.take(rows)) for rows in parts] or [np.zeros(0)])


def _distances(said: TokenRows, truth: TokenRows) -> np.ndarray:
    ours, theirs = said.padded(), truth.padded()
    steps = np.arange(theirs.shape[1] + 1)
    rows = np.repeat(steps[None], len(said), axis=0)  # (row, token + 1): the distances of all beginnings of the truth
    for place in range(ours.shape[1]):
        kept = rows[:, :-1] + (ours[:, place, None] != theirs)
        new = np.concatenate([np.full((len(said), 1), place + 1), np.minimum(rows[:, 1:] + 1, kept)], axis=1)
        # Tokens of the truth that are inserted cost one each from any place on.
        new = np.minimum.accumulate(new - steps, axis=1) + steps
        rows = np.where((said.lengths > place)[:, None], new, rows)
    return np.take_along_axis(rows, truth.lengths[:, None], axis=1)[:, 0]


def edit_distance(scores: SpokenScores, targets: TokenRows) -> float:
    """Return the mean distance of the rows; nan without rows."""
    return float(edit_distances(scores.said.tokens, targets).mean()) if len(targets) else math.nan


def build_edit_distance() -> Metric:
    """Return the function for what was said and the true tokens."""
    return edit_distance


EDIT_DISTANCE = Component(
    "metric",
    "edit_distance",
    "How many tokens must be inserted, left out or replaced to make the truth of an answer: the mean of all rows.",
    features=("sequence", "text"),
    build=build_edit_distance,
    facts={"goal": "minimize", "range": [0.0, None], "on_request": True},
)
