"""The metric ``word_error_rate``, for sequences and texts, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

WORD_ERROR_RATE = text_metric(
    "word_error_rate",
    "word_error_rate",
    "How many words must be changed to make the truth of the answers, for each word of the truth.",
)
