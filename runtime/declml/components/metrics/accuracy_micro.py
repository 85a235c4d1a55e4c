"""The metric ``accuracy_micro`` for categories, as torchmetrics computes it, and for their distributions."""

from __future__ import annotations

from declml.components.metrics.accuracy import build_distribution_accuracy
from declml.components.metrics.borrowed_category import answers, category_metric
from declml_schema.declare import Component

COMPONENT = category_metric(
    "accuracy_micro", "accuracy", answers, "micro",
    "The share of rows whose most probable class is the true one: another name for accuracy.",
)  # fmt: skip
DISTRIBUTION = Component(
    "metric",
    "accuracy_micro",
    "The share of rows whose most probable class has the largest share in truth: another name for accuracy.",
    features=("category_distribution",),
    build=build_distribution_accuracy,
    facts={"goal": "maximize", "range": [0.0, 1.0], "on_request": True},
)
