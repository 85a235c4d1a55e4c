"""The metric ``next_token_perplexity``: the perplexity of all tokens but the first of each row."""

from __future__ import annotations

from functools import partial

from declml.components.metrics.perplexity import perplexity
from declml.contracts import Metric
from declml_schema.declare import Component


def build_next_token_perplexity() -> Metric:
    """Return the function for what was said and the true tokens."""
    return partial(perplexity, first=2)


NEXT_TOKEN_PERPLEXITY = Component(
    "metric",
    "next_token_perplexity",
    "The perplexity of all tokens but the first of each row, which has none before it to be told from.",
    features=("sequence", "text"),
    build=build_next_token_perplexity,
    facts={"goal": "minimize", "range": [1.0, None]},
)
