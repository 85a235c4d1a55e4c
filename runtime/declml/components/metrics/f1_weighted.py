"""The metric ``f1_weighted`` for categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric
from declml.components.metrics.borrowed_set import answered_set_metric

COMPONENT = category_metric(
    "f1_weighted", "f1_score", answers, "weighted",
    "The harmonic mean of precision and recall of each class, averaged by how many rows each has.",
)  # fmt: skip
SET = answered_set_metric(
    "f1_weighted", "f1_score",
    "The harmonic mean of precision and recall of each item, averaged by how many rows each has.",
    average="weighted",
)  # fmt: skip
