"""The metric ``cohen_kappa_linear`` for categories with an order, as torchmetrics computes it."""

from __future__ import annotations

from declml.components.metrics.cohen_kappa_by_distance import kappa_by_distance

COMPONENT = kappa_by_distance(
    "cohen_kappa_linear", "linear",
    "Agreement beyond chance where classes have an order: an answer is as wrong as it is ranks away.",
)  # fmt: skip
