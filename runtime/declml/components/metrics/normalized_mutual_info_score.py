"""The metric ``normalized_mutual_info_score`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "normalized_mutual_info_score", "clustering", "normalized_mutual_info_score",
    "How much the answers tell of the truth, of all that either holds: 1 is everything.",
    high=1.0,
)  # fmt: skip
