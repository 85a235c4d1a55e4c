"""The metric ``average_precision_weighted`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import category_metric, probabilities

COMPONENT = category_metric(
    "average_precision_weighted", "average_precision", probabilities, "weighted",
    "The area under precision over recall of each class, averaged by how many rows each has.",
)  # fmt: skip
