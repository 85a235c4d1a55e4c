"""The optimizer ``adamax``: Adam with the largest gradient in place of the mean square (Kingma and Ba, 2015)."""

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


class AdamaxParameters(Parameters):
    """What a config may say about it."""

    betas: list[Forgetting] = parameter(
        [0.9, 0.999],
        "How slowly the running mean and the largest gradient forget; each < 1, larger is smoother and slower.",
        min_length=2,
        max_length=2,
    )
    eps: float = parameter(
        1e-8,
        "Added to each gradient's size so that it never divides by 0; larger damps the steps of small gradients.",
        gt=0,
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )


class ForeachAdamax(ListOptimizer):
    """Adamax over all weights with torch's list operations.

    The numbers are those of ``torch.optim.Adamax``.
    """

    implementation = "foreach adamax"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        betas: Sequence[float],
        eps: float,
        weight_decay: float,
    ) -> None:
        super().__init__(weights, {"mean": 0.0, "largest": 0.0}, added_decay=weight_decay)
        self._betas = (float(betas[0]), float(betas[1]))
        self._eps = eps

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        grads = due.grads
        means, largest = due.kept["mean"], due.kept["largest"]
        torch._foreach_lerp_(means, grads, 1 - self._betas[0])
        torch._foreach_mul_(largest, self._betas[1])
        sizes = list(torch._foreach_abs(grads))
        torch._foreach_add_(sizes, self._eps)
        torch._foreach_maximum_(largest, sizes)
        rates = [-learning_rate / (1 - self._betas[0] ** step) for step in due.steps]
        torch._foreach_addcdiv_(due.weights, means, largest, rates)


def build_adamax(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return Adamax over ``weights``: by list operations where torch has them, else from `torch.optim`."""
    options: dict[str, Any] = {"eps": eps, "weight_decay": weight_decay}
    if can_list(weights):
        return ForeachAdamax(weights, betas=betas, **options)
    return TorchOptim(weights, "Adamax", {"betas": tuple(betas), **options})


COMPONENT = Component(
    "optimizer",
    "adamax",
    "Adam whose steps are divided by the largest gradient seen: calmer where gradients come in rare, large bursts.",
    AdamaxParameters,
    build=build_adamax,
)
