"""The metric ``recall_at_fixed_precision`` for binaries, categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.over_classes import NINE_OF_TEN, curve_metrics

BINARY, CATEGORY, SET = curve_metrics(
    "recall_at_fixed_precision", "recall_at_fixed_precision",
    "The largest share of positives that a threshold finds while at least 90 % of its finds are right",
    goal="maximize", more=(NINE_OF_TEN,), first=True,
)  # fmt: skip
