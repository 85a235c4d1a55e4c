"""The metric ``hits_at_k``, for categories and their distributions: is the truth among the k most probable?"""

from __future__ import annotations

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component, Parameters, parameter


class HitsAtKParameters(Parameters):
    """What a config may say about it."""

    top_k: int = parameter(
        3, "How many of the most probable classes are looked at; more makes a hit easier.", ge=1, unit="classes"
    )


def build_hits_at_k(*, top_k: int = 3) -> Metric:
    """Return the function for ``(row, class)`` probabilities and ``(row,)`` class ids; nan without rows.

    Classes with the same probability come in the order of the vocabulary, so that equal scores for all are no sure hit.
    """

    def hits_at_k(scores: Tensor, targets: Tensor) -> float:
        own = scores.gather(1, targets[:, None])
        earlier = torch.arange(scores.shape[1]) < targets[:, None]
        ahead = ((scores > own) | ((scores == own) & earlier)).sum(dim=1)  # (row,)
        return float((ahead < top_k).double().mean())

    return hits_at_k


def build_distribution_hits_at_k(*, top_k: int = 3) -> Metric:
    """Return the function for ``(row, class)`` probabilities and shares, of which the largest is the truth."""
    hits = build_hits_at_k(top_k=top_k)

    def hits_at_k(scores: Tensor, targets: Tensor) -> float:
        return hits(scores, targets.argmax(dim=1))

    return hits_at_k


# Among as many classes as are looked at, every row is a hit.
_FACTS = {"goal": "maximize", "range": [0.0, 1.0], "more_classes_than": "top_k"}

CATEGORY = Component(
    "metric",
    "hits_at_k",
    "The share of rows whose true class is among the `top_k` most probable ones.",
    HitsAtKParameters,
    features=("category",),
    build=build_hits_at_k,
    facts=_FACTS,
)
DISTRIBUTION = Component(
    "metric",
    "hits_at_k",
    "The share of rows whose class with the largest share is among the `top_k` most probable ones.",
    HitsAtKParameters,
    features=("category_distribution",),
    build=build_distribution_hits_at_k,
    facts=_FACTS,
)
