"""The metric ``fowlkes_mallows_index`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "fowlkes_mallows_index", "clustering", "fowlkes_mallows_index",
    "Of pairs of rows put together, the share that belongs together, as the geometric mean of both directions.",
    high=1.0,
)  # fmt: skip
