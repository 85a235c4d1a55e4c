"""The optimizer ``rmsprop``: steps divided by the root of a running mean of squares (Hinton, 2012)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, torch.optim does the work.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from declml.components.optimizers.kept_tensors import Due, ListOptimizer, can_list
from declml.components.optimizers.torch_optim import TorchOptim
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class RMSpropParameters(Parameters):
    """What a config may say about it."""

    momentum: float = parameter(
        0.0,
        "How much of the last step is kept in the next one; larger rolls through noise and takes longer to turn.",
        ge=0,
        lt=1,
    )
    alpha: float = parameter(
        0.99, "How slowly the running mean of squares forgets; larger is smoother and slower.", ge=0, lt=1
    )
    eps: float = parameter(
        1e-8, "Added under the fraction so that it never divides by 0; larger damps the steps of small gradients.", gt=0
    )
    centered: bool = parameter(
        False, "Divide by the spread of the gradients, not their size: longer steps where they agree, for more memory."
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )


class ForeachRMSprop(ListOptimizer):
    """RMSprop over all weights with torch's list operations.

    The numbers are those of ``torch.optim.RMSprop``, but for a spread that rounding made negative: 0 here, nan there.
    """

    implementation = "foreach rmsprop"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        momentum: float,
        alpha: float,
        eps: float,
        centered: bool,
        weight_decay: float,
    ) -> None:
        kept = {"square": 0.0, **({"mean": 0.0} if centered else {}), **({"moment": 0.0} if momentum else {})}
        super().__init__(weights, kept, added_decay=weight_decay)
        self._momentum = momentum
        self._alpha = alpha
        self._eps = eps
        self._centered = centered

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        grads = due.grads
        squares = due.kept["square"]
        torch._foreach_mul_(squares, self._alpha)
        torch._foreach_addcmul_(squares, grads, grads, value=1 - self._alpha)
        if self._centered:
            means = due.kept["mean"]
            torch._foreach_lerp_(means, grads, 1 - self._alpha)
            roots = list(torch._foreach_mul(means, means))
            torch._foreach_mul_(roots, -1.0)
            torch._foreach_add_(roots, squares)
            torch._foreach_clamp_min_(roots, 0.0)
            torch._foreach_sqrt_(roots)
        else:
            roots = list(torch._foreach_sqrt(squares))
        torch._foreach_add_(roots, self._eps)
        if self._momentum:
            moments = due.kept["moment"]
            torch._foreach_mul_(moments, self._momentum)
            torch._foreach_addcdiv_(moments, grads, roots)
            torch._foreach_add_(due.weights, moments, alpha=-learning_rate)
        else:
            torch._foreach_addcdiv_(due.weights, grads, roots, value=-learning_rate)


def build_rmsprop(
    weights: Sequence[Tensor],
    *,
    momentum: float = 0.0,
    alpha: float = 0.99,
    eps: float = 1e-8,
    centered: bool = False,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return RMSprop over ``weights``: by list operations where torch has them, else from `torch.optim`."""
    options: dict[str, Any] = {
        "momentum": momentum,
        "alpha": alpha,
        "eps": eps,
        "centered": centered,
        "weight_decay": weight_decay,
    }
    if can_list(weights):
        return ForeachRMSprop(weights, **options)
    return TorchOptim(weights, "RMSprop", options)


COMPONENT = Component(
    "optimizer",
    "rmsprop",
    "Steps scaled to each weight by a running mean of its squared gradients, with momentum if wanted.",
    RMSpropParameters,
    build=build_rmsprop,
)
