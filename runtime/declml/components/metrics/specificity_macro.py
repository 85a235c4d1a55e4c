"""The metric ``specificity_macro`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import answers, category_metric

COMPONENT = category_metric(
    "specificity_macro", "specificity", answers, "macro",
    "The share of the rows of other classes that are not answered as a class, averaged over the classes.",
)  # fmt: skip
