"""The metric ``recall_macro`` for categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric
from declml.components.metrics.borrowed_set import answered_set_metric

COMPONENT = category_metric(
    "recall_macro", "recall", answers, "macro",
    "The share of the rows of a class that are found, averaged over the classes.",
)  # fmt: skip
SET = answered_set_metric(
    "recall_macro", "recall",
    "The share of the rows with an item that are answered so, averaged over the items.",
    average="macro",
)  # fmt: skip
