"""The metric ``v_measure_score`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "v_measure_score", "clustering", "v_measure_score",
    "The harmonic mean of homogeneity_score and completeness_score.",
    high=1.0,
)  # fmt: skip
