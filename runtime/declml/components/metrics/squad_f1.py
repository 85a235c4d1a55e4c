"""The metric ``squad_f1``, for sequences and texts, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_text import squad_metric

SQUAD_F1 = squad_metric(
    "squad_f1", "f1",
    "How many words an answer and the truth have in common, as F1, without case, articles and punctuation.",
)  # fmt: skip
