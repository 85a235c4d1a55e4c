"""The metric ``weighted_mean_absolute_percentage_error`` for numbers and vectors, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import not_all_zero, number_metric, vector_metric

COMPONENT = number_metric(
    "weighted_mean_absolute_percentage_error", "weighted_mean_absolute_percentage_error", not_all_zero,
    "The sum of absolute differences in parts of the sum of the targets' sizes: targets near 0 do not rule it.",
    goal="minimize", low=0.0, high=None,
)  # fmt: skip
VECTOR = vector_metric(COMPONENT, "weighted_mean_absolute_percentage_error", not_all_zero)
