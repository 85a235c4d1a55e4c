"""The metric ``homogeneity_score`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "homogeneity_score", "clustering", "homogeneity_score",
    "Whether rows that are answered alike are of one class: 1 is always.",
    high=1.0,
)  # fmt: skip
