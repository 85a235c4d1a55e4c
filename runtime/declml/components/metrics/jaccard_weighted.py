"""The metric ``jaccard_weighted`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric

COMPONENT = category_metric(
    "jaccard_weighted", "jaccard_index", answers, "weighted",
    "What answers and truth of a class share, of all that are either, averaged by how many rows each class has.",
)  # fmt: skip
