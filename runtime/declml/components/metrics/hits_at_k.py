"""The metric ``hits_at_k`` for categories: how often the truth is among the k most probable classes."""

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


COMPONENT = Component(
    "metric",
    "hits_at_k",
    "The share of rows whose true class is among the `top_k` most probable ones.",
    HitsAtKParameters,
    features=("category",),
    build=build_hits_at_k,
    # Among as many classes as are looked at, every row is a hit.
    facts={"goal": "maximize", "range": [0.0, 1.0], "more_classes_than": "top_k"},
)
