"""The optimizer ``radam``: Adam that waits with scaled steps until their scale is sure (Liu et al., 2020)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, torch.optim does the work.

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from declml.components.optimizers.kept_tensors import Due, Forgetting, ListOptimizer, can_list
from declml.components.optimizers.torch_optim import TorchOptim
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter

_FEWEST_GRADIENTS = 5


class RAdamParameters(Parameters):
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


class ForeachRAdam(ListOptimizer):
    """RAdam over all weights with torch's list operations.

    The numbers are those of ``torch.optim.RAdam``.
    """

    implementation = "foreach radam"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        betas: Sequence[float],
        eps: float,
        weight_decay: float,
    ) -> None:
        super().__init__(weights, {"mean": 0.0, "square": 0.0}, added_decay=weight_decay)
        self._betas = (float(betas[0]), float(betas[1]))
        self._eps = eps

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        grads = due.grads
        means, squares = due.kept["mean"], due.kept["square"]
        torch._foreach_lerp_(means, grads, 1 - self._betas[0])
        torch._foreach_mul_(squares, self._betas[1])
        torch._foreach_addcmul_(squares, grads, grads, value=1 - self._betas[1])
        rates = [-learning_rate / (1 - self._betas[0] ** step) for step in due.steps]
        scales = [_rectification(step, self._betas[1]) for step in due.steps]
        changes = list(torch._foreach_mul(means, rates))
        scaled = [place for place, scale in enumerate(scales) if scale is not None]
        if scaled:
            roots = list(torch._foreach_sqrt([squares[place] for place in scaled]))
            torch._foreach_add_(roots, self._eps)
            chosen = [changes[place] for place in scaled]
            torch._foreach_div_(chosen, roots)
            torch._foreach_mul_(chosen, [scale for scale in scales if scale is not None])
        torch._foreach_add_(due.weights, changes)


def _rectification(step: int, beta: float) -> float | None:
    """Return the factor on a step that is divided by the root of the mean square; None while that is too unsure.

    The names are those of the paper: ``rho`` is the number of gradients that the mean square stands for.
    """
    correction = 1 - beta**step
    rho_inf = 2 / (1 - beta) - 1
    rho = rho_inf - 2 * step * beta**step / correction
    if rho <= _FEWEST_GRADIENTS:
        return None
    variance = (rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)
    return math.sqrt(variance * correction)


def build_radam(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return RAdam over ``weights``: by list operations where torch has them, else from `torch.optim`."""
    options: dict[str, Any] = {"eps": eps, "weight_decay": weight_decay}
    if can_list(weights):
        return ForeachRAdam(weights, betas=betas, **options)
    return TorchOptim(weights, "RAdam", {"betas": tuple(betas), **options})


COMPONENT = Component(
    "optimizer",
    "radam",
    "Adam that begins with plain momentum and scales its steps once it has seen enough: it needs no warm-up.",
    RAdamParameters,
    build=build_radam,
)
