"""The metric ``sensitivity_at_specificity`` for binaries, categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.over_classes import NINE_OF_TEN, curve_metrics

BINARY, CATEGORY, SET = curve_metrics(
    "sensitivity_at_specificity", "sensitivity_at_specificity",
    "The largest share of positives that a threshold finds while it leaves at least 90 % of the negatives alone",
    goal="maximize", more=(NINE_OF_TEN,), first=True,
)  # fmt: skip
