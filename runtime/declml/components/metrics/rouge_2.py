"""The metric ``rouge_2``, for sequences and texts: how many pairs of words they have in common."""

from __future__ import annotations

from functools import partial

from declml.components.metrics.rouge import build_rouge, common_runs, rouge_metric
from declml.contracts import Metric


def build_rouge_2() -> Metric:
    """Return the function for what was said and the true tokens."""
    return build_rouge(partial(common_runs, size=2))


ROUGE_2 = rouge_metric(
    "rouge_2", "How many pairs of words an answer and the truth have in common, as F1.", build_rouge_2
)
