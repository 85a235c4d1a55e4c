"""The metric ``sequence_accuracy``, for sequences and texts: how many rows are said word for word?"""

from __future__ import annotations

import math

import numpy as np

from declml.contracts import Metric
from declml.token_rows import SpokenScores, TokenRows
from declml_schema.declare import Component


def sequence_accuracy(scores: SpokenScores, targets: TokenRows) -> float:
    """Return the share of rows whose tokens are all said, in their order, and no other; nan without rows."""
    if not len(targets):
        return math.nan
    said = scores.said.tokens
    width = int(max(said.lengths.max(initial=0), targets.lengths.max(initial=0)))
    return float(np.mean((said.padded(width) == targets.padded(width)).all(axis=1)))


def build_sequence_accuracy() -> Metric:
    """Return the function for what was said and the true tokens."""
    return sequence_accuracy


SEQUENCE_ACCURACY = Component(
    "metric",
    "sequence_accuracy",
    "The share of rows whose tokens are all predicted, each at its place, and no other.",
    features=("sequence", "text"),
    build=build_sequence_accuracy,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
