"""The metric ``relative_squared_error`` for numbers and vectors, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import number_metric, varied_targets, vector_metric

COMPONENT = number_metric(
    "relative_squared_error", "relative_squared_error", varied_targets,
    "The squared differences in parts of those that answering the mean would give: 1 is as bad as the mean.",
    goal="minimize", low=0.0, high=None,
)  # fmt: skip
VECTOR = vector_metric(COMPONENT, "relative_squared_error", varied_targets)
