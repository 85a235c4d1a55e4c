"""The metric ``concordance`` for numbers and vectors, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import number_metric, vector_metric
from declml.components.metrics.torchmetrics_call import two_numbers

COMPONENT = number_metric(
    "concordance", "concordance_corrcoef", two_numbers,
    "How well answers and truth agree (Lin): as their correlation, but an offset or another scale lowers it.",
    goal="maximize", low=-1.0, high=1.0,
)  # fmt: skip
VECTOR = vector_metric(COMPONENT, "concordance_corrcoef", two_numbers)
