"""The metric ``adjusted_mutual_info_score`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "adjusted_mutual_info_score", "clustering", "adjusted_mutual_info_score",
    "As normalized_mutual_info_score, less what chance would reach: 0 is guessing.",
    low=-1.0, high=1.0,
)  # fmt: skip
