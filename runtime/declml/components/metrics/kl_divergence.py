"""The metric ``kl_divergence`` for distributions over classes: how far the answered shares are from the true ones."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component

_SMALLEST = torch.finfo(torch.float64).eps


def kl_divergence(scores: Tensor, targets: Tensor) -> float:
    """Return the mean of the divergence of each row's answer from its truth, in nats; nan without rows.

    Shape: two ``(row, class)`` of shares that add up to 1. A share of 0 that is answered counts as the smallest step of
    a double, so that one row cannot make all infinite.
    """
    if len(targets) == 0:
        return math.nan
    truth = targets.double()
    answer = scores.double().clamp_min(_SMALLEST)
    return max(0.0, float((torch.xlogy(truth, truth) - truth * answer.log()).sum(dim=1).mean()))


def build_kl_divergence() -> Metric:
    """Return the function."""
    return kl_divergence


COMPONENT = Component(
    "metric",
    "kl_divergence",
    "How much the answered shares tell less than the true ones (Kullback and Leibler): 0 where both are the same.",
    features=("category_distribution",),
    build=build_kl_divergence,
    facts={"goal": "minimize", "range": [0.0, None]},
)
