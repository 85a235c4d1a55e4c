"""The metric ``cosine_similarity`` for vectors: whether answers point where the truth does, whatever their length."""

from __future__ import annotations

import math
from dataclasses import replace

from torch import Tensor
from torch.nn import functional

from declml.contracts import Metric
from declml_schema.declare import Component


def cosine_similarity(scores: Tensor, targets: Tensor) -> float:
    """Return the mean cosine of the angle between two ``(row, place)``; nan without rows."""
    if len(targets) == 0:
        return math.nan
    return float(functional.cosine_similarity(scores.double(), targets.double(), dim=1).mean())


def build_cosine_similarity() -> Metric:
    """Return the function."""
    return cosine_similarity


COMPONENT = Component(
    "metric",
    "cosine_similarity",
    "Whether answers point where the truth does, whatever their length: 1 is the same direction, 0 a right angle.",
    features=("vector",),
    build=build_cosine_similarity,
    facts={"goal": "maximize", "range": [-1.0, 1.0]},
)
DISTRIBUTION = replace(COMPONENT, features=("category_distribution",), facts={**COMPONENT.facts, "on_request": True})
