"""The metric ``precision_at_fixed_recall`` for binaries, categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.over_classes import NINE_OF_TEN, curve_metrics

BINARY, CATEGORY, SET = curve_metrics(
    "precision_at_fixed_recall", "precision_at_fixed_recall",
    "The largest share of right finds of a threshold that finds at least 90 % of the positives",
    goal="maximize", more=(NINE_OF_TEN,), first=True,
)  # fmt: skip
