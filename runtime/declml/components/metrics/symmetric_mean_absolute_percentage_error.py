"""The metric ``symmetric_mean_absolute_percentage_error`` for numbers and vectors, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import doubles, number_metric, vector_metric

COMPONENT = number_metric(
    "symmetric_mean_absolute_percentage_error", "symmetric_mean_absolute_percentage_error", doubles,
    "The mean absolute difference in parts of the mean size of answer and truth: never above 2.",
    goal="minimize", low=0.0, high=2.0,
)  # fmt: skip
VECTOR = vector_metric(COMPONENT, "symmetric_mean_absolute_percentage_error", doubles)
