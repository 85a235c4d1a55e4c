"""The metric ``cohen_kappa_quadratic`` for categories with an order, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.cohen_kappa_by_distance import kappa_by_distance

COMPONENT = kappa_by_distance(
    "cohen_kappa_quadratic", "quadratic",
    "Agreement beyond chance where classes have an order: an answer is as wrong as the square of its ranks away.",
)  # fmt: skip
