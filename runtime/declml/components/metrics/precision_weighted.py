"""The metric ``precision_weighted`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric

COMPONENT = category_metric(
    "precision_weighted", "precision", answers, "weighted",
    "The share of the answers of a class that are right, averaged by how many rows each has.",
)  # fmt: skip
