"""The metric ``precision_macro`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric

COMPONENT = category_metric(
    "precision_macro", "precision", answers, "macro",
    "The share of the answers of a class that are right, averaged over the classes.",
)  # fmt: skip
