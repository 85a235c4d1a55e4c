"""Cohen's kappa for classes with an order: an answer beside the truth is less wrong than one far from it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from declml.components.metrics.torchmetrics_call import borrowed
from declml.contracts import Metric
from declml_schema.declare import Component


def build_by_distance(
    name: str, weights: Literal["linear", "quadratic"], *, ranks: Sequence[int] | None = None
) -> Metric:
    """Return the function for ``(row, class)`` probabilities and class ids; nan where chance alone agrees always.

    ``ranks`` are the classes from the lowest to the highest; None takes them in the order of their ids.
    """

    def arrange(scores: Tensor, targets: Tensor) -> tuple[Any, ...] | None:
        said, classes = scores.argmax(dim=1), scores.shape[1]
        if bool((said == said[0]).all() and (targets == said[0]).all()):
            return None
        place = torch.empty(classes, dtype=torch.int64)
        place[torch.tensor(list(range(classes) if ranks is None else ranks))] = torch.arange(classes)
        return place[said], place[targets], max(2, classes), weights

    return borrowed(name, "classification", "multiclass_cohen_kappa", arrange)


def kappa_by_distance(name: str, weights: Literal["linear", "quadratic"], doc: str) -> Component:
    """Return the metric ``name``, whose disagreements weigh as their distance or as its square."""
    return Component(
        "metric",
        name,
        doc,
        features=("category",),
        build=partial(build_by_distance, name, weights),
        facts={"goal": "maximize", "range": [-1.0, 1.0], "package": "torchmetrics", "ranked": True},
    )
