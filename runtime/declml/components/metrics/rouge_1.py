"""The metric ``rouge_1``, for sequences and texts: how many words an answer and the truth have in common, as F1."""

from __future__ import annotations

from functools import partial

from declml.components.metrics.rouge import build_rouge, common_runs, rouge_metric
from declml.contracts import Metric


def build_rouge_1() -> Metric:
    """Return the function for what was said and the true tokens."""
    return build_rouge(partial(common_runs, size=1))


ROUGE_1 = rouge_metric("rouge_1", "How many words an answer and the truth have in common, as F1.", build_rouge_1)
