"""The metric ``squad_exact_match``, for sequences and texts, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_text import squad_metric

SQUAD_EXACT_MATCH = squad_metric(
    "squad_exact_match", "exact_match",
    "The share of answers that are the truth, whatever their case, articles and punctuation.",
)  # fmt: skip
