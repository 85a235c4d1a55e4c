"""The metric ``theils_u`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "theils_u", "nominal", "theils_u",
    "The share of what is uncertain about the answers that the truth tells (Theil): 1 is all of it.",
    high=1.0,
)  # fmt: skip
