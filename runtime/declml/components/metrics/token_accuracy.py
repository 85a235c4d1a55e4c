"""The metric ``token_accuracy``, for sequences and texts: how many of the true tokens are said at their place?"""

from __future__ import annotations

import math

from declml.contracts import Metric
from declml.token_rows import SpokenScores, TokenRows
from declml_schema.declare import Component


def token_accuracy(scores: SpokenScores, targets: TokenRows) -> float:
    """Return the share of the true tokens that stand at the same place of what was said; nan without tokens."""
    if not len(targets.values):
        return math.nan
    truth = targets.padded()
    said = scores.said.tokens.padded(truth.shape[1])
    return float((said == truth)[truth >= 0].mean())


def build_token_accuracy() -> Metric:
    """Return the function for what was said and the true tokens."""
    return token_accuracy


TOKEN_ACCURACY = Component(
    "metric",
    "token_accuracy",
    "The share of the true tokens that are predicted at their place.",
    features=("sequence", "text"),
    build=build_token_accuracy,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
