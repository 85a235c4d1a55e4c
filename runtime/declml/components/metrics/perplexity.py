"""The metric ``perplexity``, for sequences and texts: among how many tokens is each true one guessed?"""

from __future__ import annotations

import math
from functools import partial

from declml.contracts import Metric
from declml.token_rows import SpokenScores, TokenRows
from declml_schema.declare import Component

_LARGEST = 700.0
"""The largest exponent that a double has room for, in round numbers."""


def perplexity(scores: SpokenScores, targets: TokenRows, *, first: int) -> float:
    """Return e to the mean surprise of the true tokens, each given those before it; nan without tokens.

    ``first`` is the column of `Said.surprises` that is summed; the next one counts the tokens.
    """
    del targets
    surprise, count = scores.said.surprises[:, first : first + 2].sum(axis=0)
    return math.exp(min(surprise / count, _LARGEST)) if count else math.nan


def build_perplexity() -> Metric:
    """Return the function for what was said and the true tokens."""
    return partial(perplexity, first=0)


PERPLEXITY = Component(
    "metric",
    "perplexity",
    "Among how many equally probable tokens the model guesses each true one, the end of a sequence included.",
    features=("sequence", "text"),
    build=build_perplexity,
    facts={"goal": "minimize", "range": [1.0, None]},
)
