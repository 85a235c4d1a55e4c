"""The metric ``ranking_loss`` for sets, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_set import set_metric

COMPONENT = set_metric(
    "ranking_loss", "ranking_loss",
    "The share of pairs of an item that is there and one that is not in which the wrong one is more probable.",
    goal="minimize", high=1.0,
)  # fmt: skip
