"""The metric ``log_auc`` for binaries, categories and sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.over_classes import curve_metrics

BINARY, CATEGORY, SET = curve_metrics(
    "log_auc", "logauc",
    "The area under the ROC curve for 0.1 to 10 % false alarms on a logarithmic scale: are the first finds right",
    goal="maximize",
)  # fmt: skip
