"""The metric ``eer`` for binaries, categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.over_classes import curve_metrics

BINARY, CATEGORY, SET = curve_metrics(
    "eer", "eer",
    "The error rate at the threshold where as many negatives are answered true as positives are missed",
    goal="minimize",
)  # fmt: skip
