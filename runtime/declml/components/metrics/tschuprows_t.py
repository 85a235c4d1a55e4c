"""The metric ``tschuprows_t`` for categories, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_category import agreement_metric

COMPONENT = agreement_metric(
    "tschuprows_t", "nominal", "tschuprows_t",
    "How strongly answers and truth go together (Chuprov), less what few rows show by chance: 1 is fully.",
    high=1.0,
)  # fmt: skip
