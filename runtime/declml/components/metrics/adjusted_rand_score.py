"""The metric ``adjusted_rand_score`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "adjusted_rand_score", "clustering", "adjusted_rand_score",
    "As rand_score, less what chance would reach: 0 is guessing, whatever the classes are called.",
    low=-1.0, high=1.0,
)  # fmt: skip
