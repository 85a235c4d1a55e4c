"""The metric ``specificity_weighted`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric

COMPONENT = category_metric(
    "specificity_weighted", "specificity", answers, "weighted",
    "The share of the rows of other classes that are not answered as a class, averaged by how many rows each has.",
)  # fmt: skip
