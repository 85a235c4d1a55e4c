"""The metric ``rouge_l``, for sequences and texts: how many words they have in common in one order."""

from __future__ import annotations

from declml.components.metrics.rouge import build_rouge, common_order, rouge_metric
from declml.contracts import Metric


def build_rouge_l() -> Metric:
    """Return the function for what was said and the true tokens."""
    return build_rouge(common_order)


ROUGE_L = rouge_metric(
    "rouge_l", "How many words an answer and the truth have in common in the same order, as F1.", build_rouge_l
)
