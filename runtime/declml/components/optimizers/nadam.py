"""The optimizer ``nadam``: Adam that looks one step of its momentum ahead (Dozat, 2016)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, torch.optim does the work.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from declml.components.optimizers.kept_tensors import Due, Forgetting, ListOptimizer, can_list
from declml.components.optimizers.torch_optim import TorchOptim
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter

_NEGLIGIBLE = 1e-17


class NAdamParameters(Parameters):
    """What a config may say about it."""

    betas: list[Forgetting] = parameter(
        [0.9, 0.999],
        "How slowly the running means of gradient and square forget; each < 1, larger is smoother and slower.",
        min_length=2,
        max_length=2,
    )
    eps: float = parameter(
        1e-8, "Added under the fraction so that it never divides by 0; larger damps the steps of small gradients.", gt=0
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )
    momentum_decay: float = parameter(
        0.004, "How fast the momentum grows to its full size over the steps; larger gets there sooner.", ge=0
    )


class ForeachNAdam(ListOptimizer):
    """NAdam over all weights with torch's list operations.

    The numbers are those of ``torch.optim.NAdam``.
    """

    implementation = "foreach nadam"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        betas: Sequence[float],
        eps: float,
        weight_decay: float,
        momentum_decay: float,
    ) -> None:
        super().__init__(weights, {"mean": 0.0, "square": 0.0}, added_decay=weight_decay)
        self._betas = (float(betas[0]), float(betas[1]))
        self._eps = eps
        self._momentum_decay = momentum_decay
        self._products = [1.0]

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        grads = due.grads
        means, squares = due.kept["mean"], due.kept["square"]
        torch._foreach_lerp_(means, grads, 1 - self._betas[0])
        torch._foreach_mul_(squares, self._betas[1])
        torch._foreach_addcmul_(squares, grads, grads, value=1 - self._betas[1])
        roots = list(torch._foreach_div(squares, [1 - self._betas[1] ** step for step in due.steps]))
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self._eps)
        now = [-learning_rate * (1 - self._momentum(step)) / (1 - self._product(step)) for step in due.steps]
        ahead = [-learning_rate * self._momentum(step + 1) / (1 - self._product(step + 1)) for step in due.steps]
        torch._foreach_addcdiv_(due.weights, grads, roots, now)
        torch._foreach_addcdiv_(due.weights, means, roots, ahead)

    def _momentum(self, step: int) -> float:
        return self._betas[0] * (1 - 0.5 * 0.96 ** (step * self._momentum_decay))

    def _product(self, step: int) -> float:
        """Return the product of all momenta up to ``step``; the list ends where one minus it is 1 to the last bit."""
        while len(self._products) <= step and self._products[-1] > _NEGLIGIBLE:
            self._products.append(self._products[-1] * self._momentum(len(self._products)))
        return self._products[min(step, len(self._products) - 1)]


def build_nadam(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 0.004,
) -> Optimizer:
    """Return NAdam over ``weights``: by list operations where torch has them, else from `torch.optim`."""
    options: dict[str, Any] = {"eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay}
    if can_list(weights):
        return ForeachNAdam(weights, betas=betas, **options)
    return TorchOptim(weights, "NAdam", {"betas": tuple(betas), **options})


COMPONENT = Component(
    "optimizer",
    "nadam",
    "Adam with a look ahead along its momentum: often a little faster at the start, for the same memory.",
    NAdamParameters,
    build=build_nadam,
)
