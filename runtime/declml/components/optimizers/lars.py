"""The optimizer ``lars``: momentum whose step for each weight is as long as the weight is large (You et al., 2017)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, it fails at once.

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from declml.components.optimizers.kept_tensors import Due, Forgetting, ListOptimizer
from declml.components.optimizers.trust import trusted
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class LarsParameters(Parameters):
    """What a config may say about it."""

    momentum: Forgetting = parameter(
        0.9, "How much of the last step goes on in the next; larger rolls on longer. 0 is plain steps."
    )
    dampening: float = parameter(0.0, "How much less a new gradient adds to the momentum.", ge=0, le=1)
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )
    nesterov: bool = parameter(False, "Look ahead: let the present gradient count once more beside the momentum.")
    max_unorm: float = parameter(
        1.0, "The length of a step at learning rate 1, in parts of the weight's own; larger moves faster.", gt=0
    )


class ForeachLars(ListOptimizer):
    """LARS over all weights with torch's list operations; `torch.optim` has none."""

    implementation = "foreach lars"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        momentum: float,
        dampening: float,
        weight_decay: float,
        nesterov: bool,
        max_unorm: float,
    ) -> None:
        super().__init__(weights, {"momentum": 0.0}, added_decay=weight_decay)
        self._momentum = momentum
        self._dampening = dampening
        self._nesterov = nesterov
        self._length = max_unorm

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        # The gradients take the length of their weights before they join the momentum, as in the paper.
        grads = trusted(due.weights, due.grads, self._length)
        moving = due.kept["momentum"]
        torch._foreach_mul_(moving, self._momentum)
        torch._foreach_add_(moving, grads, alpha=1 - self._dampening)
        ways = list(torch._foreach_add(grads, moving, alpha=self._momentum)) if self._nesterov else moving
        torch._foreach_add_(due.weights, ways, alpha=-learning_rate)


def build_lars(
    weights: Sequence[Tensor],
    *,
    momentum: float = 0.9,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    max_unorm: float = 1.0,
) -> Optimizer:
    """Return LARS over ``weights``."""
    return ForeachLars(
        weights,
        momentum=momentum,
        dampening=dampening,
        weight_decay=weight_decay,
        nesterov=nesterov,
        max_unorm=max_unorm,
    )


COMPONENT = Component(
    "optimizer",
    "lars",
    "Momentum whose steps are as long as the weights they move are large: for very large batches.",
    LarsParameters,
    build=build_lars,
)
