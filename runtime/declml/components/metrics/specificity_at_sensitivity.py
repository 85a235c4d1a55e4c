"""The metric ``specificity_at_sensitivity`` for binaries, categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.over_classes import NINE_OF_TEN, curve_metrics

BINARY, CATEGORY, SET = curve_metrics(
    "specificity_at_sensitivity", "specificity_at_sensitivity",
    "The largest share of negatives that a threshold leaves alone while it finds at least 90 % of the positives",
    goal="maximize", more=(NINE_OF_TEN,), first=True,
)  # fmt: skip
