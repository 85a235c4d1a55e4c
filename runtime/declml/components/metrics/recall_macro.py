"""The metric ``recall_macro`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric

COMPONENT = category_metric(
    "recall_macro", "recall", answers, "macro",
    "The share of the rows of a class that are found, averaged over the classes.",
)  # fmt: skip
