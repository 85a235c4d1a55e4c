"""The optimizer ``lion``: steps of one length, along the sign of a mix of momentum and gradient (Chen et al., 2023)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, it fails at once.

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from declml.components.optimizers.kept_tensors import Due, Forgetting, ListOptimizer
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class LionParameters(Parameters):
    """What a config may say about it."""

    betas: list[Forgetting] = parameter(
        [0.9, 0.999],
        "How much of the momentum is in each step, and how slowly the momentum forgets; each < 1, larger is smoother.",
        min_length=2,
        max_length=2,
    )
    weight_decay: float = parameter(
        0.0,
        "The share of each weight, times the learning rate, that every step takes away; larger keeps weights smaller.",
        ge=0,
    )


class ForeachLion(ListOptimizer):
    """Lion over all weights with torch's list operations; `torch.optim` has none."""

    implementation = "foreach lion"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        betas: Sequence[float],
        weight_decay: float,
    ) -> None:
        super().__init__(weights, {"mean": 0.0})
        self._betas = (float(betas[0]), float(betas[1]))
        self._weight_decay = weight_decay

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        means = due.kept["mean"]
        if self._weight_decay:
            torch._foreach_mul_(due.weights, 1 - learning_rate * self._weight_decay)
        ways = list(torch._foreach_lerp(means, due.grads, 1 - self._betas[0]))
        torch._foreach_sign_(ways)
        torch._foreach_add_(due.weights, ways, alpha=-learning_rate)
        torch._foreach_lerp_(means, due.grads, 1 - self._betas[1])


def build_lion(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return Lion over ``weights``."""
    return ForeachLion(weights, betas=betas, weight_decay=weight_decay)


COMPONENT = Component(
    "optimizer",
    "lion",
    "Steps of one length for every weight, with half of Adam's memory; its learning rate is 3 to 10 times smaller.",
    LionParameters,
    build=build_lion,
)
