"""The metric ``coverage_error`` for sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_set import set_metric

COMPONENT = set_metric(
    "coverage_error", "coverage_error",
    "How many of the most probable items it takes, on average, to have all that are there.",
    goal="minimize", high=None,
)  # fmt: skip
