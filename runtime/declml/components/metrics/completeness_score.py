"""The metric ``completeness_score`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "completeness_score", "clustering", "completeness_score",
    "Whether rows of one class are answered alike: 1 is always.",
    high=1.0,
)  # fmt: skip
