"""The metric ``corn`` for classes with an order: the loss of that name, from probabilities (Shi et al., 2021)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component

_SMALLEST = torch.finfo(torch.float64).eps


def corn(scores: Tensor, targets: Tensor, *, ranks: Sequence[int] | None) -> float:
    """Return the mean surprise of all steps, for ``(row, class)`` probabilities and ids or shares; nan without rows.

    ``ranks`` are the classes from the lowest to the highest; None takes them in the order of their ids.
    """
    if not len(targets):
        return math.nan
    order = list(range(scores.shape[1]) if ranks is None else ranks)
    shares = torch.nn.functional.one_hot(targets, scores.shape[1]) if targets.ndim == 1 else targets
    truth, said = (_reaching(each.double()[:, order]) for each in (shares, scores))
    # The chance to be above a rank, given that it is reached.
    higher = (said[:, 1:] / said[:, :-1].clamp_min(_SMALLEST)).clamp(_SMALLEST, 1 - _SMALLEST)
    here, above = truth[:, :-1], truth[:, 1:]
    return float(-(above * higher.log() + (here - above) * (1 - higher).log()).sum() / here.sum())


def _reaching(shares: Tensor) -> Tensor:
    return shares.flip(1).cumsum(1).flip(1)


def build_corn(*, ranks: Sequence[int] | None = None) -> Metric:
    """Return the function for an output whose classes have this order."""
    return partial(corn, ranks=ranks)


COMPONENT = Component(
    "metric",
    "corn",
    "How surprising each step towards the true class is; it needs the loss corn, which knows the order of the classes.",
    features=("category", "category_distribution"),
    build=build_corn,
    facts={"goal": "minimize", "range": [0.0, None], "on_request": True, "ranked": True},
)
