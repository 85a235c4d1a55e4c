"""The optimizer ``adagrad``: steps divided by the root of all squared gradients so far (Duchi et al., 2011)."""

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


class AdagradParameters(Parameters):
    """What a config may say about it."""

    initial_accumulator_value: float = parameter(
        0.0, "The sum of squared gradients to begin with; larger makes the first steps smaller.", ge=0
    )
    lr_decay: float = parameter(
        0.0, "How fast the learning rate falls with the steps of a weight; larger falls faster, 0 not at all.", ge=0
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )
    eps: float = parameter(
        1e-10,
        "Added under the fraction so that it never divides by 0; larger damps the steps of small gradients.",
        gt=0,
    )


class ForeachAdagrad(ListOptimizer):
    """Adagrad over all weights with torch's list operations.

    The numbers are those of ``torch.optim.Adagrad``.
    """

    implementation = "foreach adagrad"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        initial_accumulator_value: float,
        lr_decay: float,
        weight_decay: float,
        eps: float,
    ) -> None:
        super().__init__(weights, {"sum": initial_accumulator_value}, added_decay=weight_decay)
        self._lr_decay = lr_decay
        self._eps = eps

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        grads = due.grads
        sums = due.kept["sum"]
        torch._foreach_addcmul_(sums, grads, grads)
        roots = list(torch._foreach_sqrt(sums))
        torch._foreach_add_(roots, self._eps)
        rates = [-learning_rate / (1 + (step - 1) * self._lr_decay) for step in due.steps]
        torch._foreach_addcdiv_(due.weights, grads, roots, rates)


def build_adagrad(
    weights: Sequence[Tensor],
    *,
    initial_accumulator_value: float = 0.0,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    eps: float = 1e-10,
) -> Optimizer:
    """Return Adagrad over ``weights``: by list operations where torch has them, else from `torch.optim`."""
    options: dict[str, Any] = {
        "initial_accumulator_value": initial_accumulator_value,
        "lr_decay": lr_decay,
        "weight_decay": weight_decay,
        "eps": eps,
    }
    if can_list(weights):
        return ForeachAdagrad(weights, **options)
    return TorchOptim(weights, "Adagrad", options)


COMPONENT = Component(
    "optimizer",
    "adagrad",
    "Steps that shrink for weights whose gradients were large: good for rare categories, and may stall in long runs.",
    AdagradParameters,
    build=build_adagrad,
)
