"""The metric ``bleu``, for sequences and texts, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

BLEU = text_metric(
    "bleu",
    "bleu_score",
    "How many runs of one to four words of all answers stand in the truth.",
    goal="maximize",
    high=1.0,
    references=True,
)
