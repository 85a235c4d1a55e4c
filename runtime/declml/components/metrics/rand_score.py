"""The metric ``rand_score`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "rand_score", "clustering", "rand_score",
    "The share of pairs of rows that answers and truth both put together or both keep apart.",
    high=1.0,
)  # fmt: skip
