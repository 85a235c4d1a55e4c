"""The metric ``softmax_cross_entropy`` for categories and their distributions: how surprising the truth is."""

from __future__ import annotations

import torch
from torch import Tensor

from declml.components.metrics.log_loss import build_category_log_loss
from declml.contracts import Metric
from declml_schema.declare import Component

_SMALLEST = torch.finfo(torch.float64).eps


def shares_cross_entropy(scores: Tensor, targets: Tensor) -> float:
    """Return the mean cross entropy of ``(row, class)`` probabilities and shares; nan without rows."""
    # As in log_loss: 0 counts as the smallest step of a double.
    logs = scores.double().clamp(_SMALLEST, 1 - _SMALLEST).log()
    return float(-(targets.double() * logs).sum(dim=1).mean())


def build_shares_cross_entropy() -> Metric:
    """Return the function for a category_distribution output."""
    return shares_cross_entropy


_FACTS = {"goal": "minimize", "range": [0.0, None], "on_request": True}

CATEGORY = Component(
    "metric",
    "softmax_cross_entropy",
    "Cross entropy without the weights and smoothing of a loss: another name for log_loss.",
    features=("category",),
    build=build_category_log_loss,
    facts=_FACTS,
)
DISTRIBUTION = Component(
    "metric",
    "softmax_cross_entropy",
    "Cross entropy of the shares, without the weights and smoothing of a loss.",
    features=("category_distribution",),
    build=build_shares_cross_entropy,
    facts=_FACTS,
)
