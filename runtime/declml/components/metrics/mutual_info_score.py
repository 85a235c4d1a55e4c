"""The metric ``mutual_info_score`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "mutual_info_score", "clustering", "mutual_info_score",
    "How much the answers tell of the truth, in nats, whatever the classes are called.",
    high=None,
)  # fmt: skip
