"""The metric ``ranking_average_precision`` for sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_set import set_metric

COMPONENT = set_metric(
    "ranking_average_precision", "ranking_average_precision",
    "For each item that is there, the share of such items among those at least as probable, averaged.",
    goal="maximize", high=1.0,
)  # fmt: skip
