"""The metric ``explained_variance`` for numbers and vectors: variance explained, a constant offset forgiven."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import vector_metric
from declml.components.metrics.torchmetrics_call import borrowed, two_numbers
from declml.contracts import Metric
from declml_schema.declare import Component


def build_explained_variance() -> Metric:
    """Return the function for two ``(row,)`` of numbers; nan unless both vary."""
    return borrowed("explained_variance", "regression", "explained_variance", two_numbers)


COMPONENT = Component(
    "metric",
    "explained_variance",
    "The share of the variance that the answers explain, a constant offset forgiven: 1 is perfect.",
    features=("number",),
    build=build_explained_variance,
    facts={"goal": "maximize", "range": [None, 1.0], "package": "torchmetrics"},
)
VECTOR = vector_metric(COMPONENT, "explained_variance", two_numbers)
