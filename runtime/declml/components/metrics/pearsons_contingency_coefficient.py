"""The metric ``pearsons_contingency_coefficient`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "pearsons_contingency_coefficient", "nominal", "pearsons_contingency_coefficient",
    "How strongly answers and truth go together (Pearson); with few classes even the best is below 1.",
    high=1.0,
)  # fmt: skip
