"""The metric ``accuracy_micro`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric

COMPONENT = category_metric(
    "accuracy_micro", "accuracy", answers, "micro",
    "The share of rows whose most probable class is the true one: another name for accuracy.",
)  # fmt: skip
