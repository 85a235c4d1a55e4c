"""The metric ``mean_squared_log_error`` for numbers, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import above_minus_one, number_metric

COMPONENT = number_metric(
    "mean_squared_log_error", "mean_squared_log_error", above_minus_one,
    "The mean squared difference of log(1 + x): what counts is by how many times an answer is off.",
    goal="minimize", low=0.0, high=None,
)  # fmt: skip
