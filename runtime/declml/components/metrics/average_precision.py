"""The metric ``average_precision``, for binaries, categories and sets: the area under precision over recall."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from declml.components.metrics.borrowed_category import category_metric, probabilities
from declml.components.metrics.borrowed_set import set_metric
from declml.contracts import Metric
from declml_schema.declare import Component


def average_precision(scores: Tensor, targets: Tensor) -> float:
    """Return the sum of precisions at each distinct score, weighted by the recall gained there; nan without positives.

    Shape: ``(row,)`` probabilities and ``(row,)`` 0/1 targets.
    """
    positive = targets > 0.5
    positives = int(positive.sum())
    if positives == 0 or bool(scores.isnan().any()):
        return math.nan
    _, group, sizes = torch.unique(scores, return_inverse=True, return_counts=True)
    hits = torch.zeros(len(sizes), dtype=torch.float64).index_add_(0, group, positive.double())
    hits, sizes = hits.flip(0), sizes.flip(0)  # from the highest score down
    precision = hits.cumsum(0) / sizes.cumsum(0)
    return float((precision * hits).sum() / positives)


def build_average_precision() -> Metric:
    """Return the function."""
    return average_precision


BINARY = Component(
    "metric",
    "average_precision",
    "The area under precision over recall: says more than roc_auc where positives are rare.",
    features=("binary",),
    build=build_average_precision,
    facts={"goal": "maximize", "range": [0.0, 1.0]},
)
CATEGORY = category_metric(
    "average_precision", "average_precision", probabilities, "macro",
    "The area under precision over recall of each class against the others, averaged over the classes.",
)  # fmt: skip
SET = set_metric(
    "average_precision", "average_precision",
    "The area under precision over recall of each item, averaged over the items.",
    goal="maximize", high=1.0, needs_items=True,
)  # fmt: skip
