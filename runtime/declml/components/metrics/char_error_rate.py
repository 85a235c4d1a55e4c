"""The metric ``char_error_rate``, for sequences and texts, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

CHAR_ERROR_RATE = text_metric(
    "char_error_rate",
    "char_error_rate",
    "How many characters must be changed to make the truth of the answers, for each character of the truth.",
)
