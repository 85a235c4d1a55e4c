"""The metric ``f1_weighted`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric

COMPONENT = category_metric(
    "f1_weighted", "f1_score", answers, "weighted",
    "The harmonic mean of precision and recall of each class, averaged by how many rows each has.",
)  # fmt: skip
