"""The metric ``pearson`` for numbers and vectors: how well a straight line relates answers and targets."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import vector_metric
from declml.components.metrics.torchmetrics_call import borrowed, two_numbers
from declml.contracts import Metric
from declml_schema.declare import Component


def build_pearson() -> Metric:
    """Return the function for two ``(row,)`` of numbers; nan unless both vary."""
    return borrowed("pearson", "regression", "pearson_corrcoef", two_numbers)


COMPONENT = Component(
    "metric",
    "pearson",
    "How well a straight line relates answers and targets: 1 is perfectly, 0 not at all, whatever their scale.",
    features=("number",),
    build=build_pearson,
    facts={"goal": "maximize", "range": [-1.0, 1.0], "package": "torchmetrics"},
)
VECTOR = vector_metric(COMPONENT, "pearson_corrcoef", two_numbers)
