"""The metric ``jensen_shannon_divergence`` for distributions over classes: how unlike two are, both counting alike."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component


def jensen_shannon_divergence(scores: Tensor, targets: Tensor) -> float:
    """Return the mean over rows of two ``(row, class)`` of shares, in nats; nan without rows (Lin, 1991)."""
    if len(targets) == 0:
        return math.nan
    said, true = scores.double(), targets.double()
    middle = (said + true) / 2
    parts = torch.xlogy(said, said) + torch.xlogy(true, true) - 2 * torch.xlogy(middle, middle)
    return max(0.0, float(parts.sum(dim=1).mean() / 2))


def build_jensen_shannon_divergence() -> Metric:
    """Return the function."""
    return jensen_shannon_divergence


COMPONENT = Component(
    "metric",
    "jensen_shannon_divergence",
    "How unlike answered and true shares are, in nats: 0 where they are the same, 0.69 where they share no class.",
    features=("category_distribution",),
    build=build_jensen_shannon_divergence,
    facts={"goal": "minimize", "range": [0.0, math.log(2)], "on_request": True},
)
