"""The metric ``median_absolute_error`` for numbers: the median of absolute differences."""

from __future__ import annotations

from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def median_absolute_error(scores: Tensor, targets: Tensor) -> float:
    """Return the median absolute difference; nan without rows.

    Shape: two ``(row,)`` of numbers in their own unit.
    """
    differences = (scores.double() - targets.double()).abs()
    rows = len(differences)
    if rows == 0 or bool(differences.isnan().any()):
        return float("nan")
    # torch's own median takes the lower of the two middle values.
    ordered = differences.sort().values
    return float((ordered[(rows - 1) // 2] + ordered[rows // 2]) / 2)


def build_median_absolute_error() -> Metric:
    """Return the function."""
    return median_absolute_error


COMPONENT = Component(
    "metric",
    "median_absolute_error",
    "The median of absolute differences: half of the answers are at least this near, whatever the outliers.",
    features=("number",),
    build=build_median_absolute_error,
    facts={"goal": "minimize", "range": [0.0, None]},
)
