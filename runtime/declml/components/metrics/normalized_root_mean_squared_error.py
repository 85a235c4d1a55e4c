"""The metric ``normalized_root_mean_squared_error`` for numbers and vectors, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import by_deviation, number_metric, vector_metric

COMPONENT = number_metric(
    "normalized_root_mean_squared_error", "normalized_root_mean_squared_error", by_deviation,
    "The root of the mean squared difference in parts of the targets' standard deviation: 1 is as bad as the mean.",
    goal="minimize", low=0.0, high=None,
)  # fmt: skip
VECTOR = vector_metric(COMPONENT, "normalized_root_mean_squared_error", by_deviation)
