"""The metric ``spearman`` for numbers and vectors: how alike answers and targets order the rows."""

from __future__ import annotations

from declml.components.metrics.borrowed_number import vector_metric
from declml.components.metrics.torchmetrics_call import borrowed, two_numbers
from declml.contracts import Metric
from declml_schema.declare import Component


def build_spearman() -> Metric:
    """Return the function for two ``(row,)`` of numbers; nan unless both vary."""
    return borrowed("spearman", "regression", "spearman_corrcoef", two_numbers)


COMPONENT = Component(
    "metric",
    "spearman",
    "How alike answers and targets order the rows: 1 is the same order, -1 the reverse, whatever the values.",
    features=("number",),
    build=build_spearman,
    facts={"goal": "maximize", "range": [-1.0, 1.0], "package": "torchmetrics"},
)
VECTOR = vector_metric(COMPONENT, "spearman_corrcoef", two_numbers)
