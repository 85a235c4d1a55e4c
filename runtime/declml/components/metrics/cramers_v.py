"""The metric ``cramers_v`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "cramers_v", "nominal", "cramers_v",
    "How strongly answers and truth go together (Cramér), less what few rows show by chance: 1 is fully.",
    high=1.0,
)  # fmt: skip
