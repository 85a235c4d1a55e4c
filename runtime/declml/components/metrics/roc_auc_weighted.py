"""The metric ``roc_auc_weighted`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import category_metric, probabilities

COMPONENT = category_metric(
    "roc_auc_weighted", "auroc", probabilities, "weighted",
    "How well each class is told from the others, averaged by how many rows each has: 0.5 is guessing.",
)  # fmt: skip
