"""The metric ``sacre_bleu``, for sequences and texts, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_text import text_metric

SACRE_BLEU = text_metric(
    "sacre_bleu",
    "sacre_bleu_score",
    "As bleu, of words and signs cut as in contests of translation (13a), so that figures can be compared.",
    goal="maximize",
    high=1.0,
    references=True,
)
