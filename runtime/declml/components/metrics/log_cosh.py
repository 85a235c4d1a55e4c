"""The metric ``log_cosh`` for numbers and vectors, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import doubles, number_metric, vector_metric

COMPONENT = number_metric(
    "log_cosh", "log_cosh_error", doubles,
    "The mean logarithm of the hyperbolic cosine of differences: squared for small ones, absolute for large ones.",
    goal="minimize", low=0.0, high=None,
)  # fmt: skip
VECTOR = vector_metric(COMPONENT, "log_cosh_error", doubles)
