"""The metric ``precision_macro`` for categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric
from declml.components.metrics.borrowed_set import answered_set_metric

COMPONENT = category_metric(
    "precision_macro", "precision", answers, "macro",
    "The share of the answers of a class that are right, averaged over the classes.",
)  # fmt: skip
SET = answered_set_metric(
    "precision_macro", "precision",
    "The share of the answers of an item that are right, averaged over the items.",
    average="macro",
)  # fmt: skip
