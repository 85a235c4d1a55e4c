"""The metric ``chrf``, for sequences and texts, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

CHRF = text_metric(
    "chrf",
    "chrf_score",
    "How many runs of characters and words answers and truth have in common, as F2.",
    goal="maximize",
    high=1.0,
    references=True,
)
