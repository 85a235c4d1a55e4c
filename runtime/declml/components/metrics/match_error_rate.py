"""The metric ``match_error_rate``, for sequences and texts, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

MATCH_ERROR_RATE = text_metric(
    "match_error_rate",
    "match_error_rate",
    "How many words must be changed to make the truth of the answers, for each word of either.",
    high=1.0,
)
