"""The optimizer ``adadelta``: steps as long as the steps before them, by running means of squares (Zeiler, 2012)."""

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


class AdadeltaParameters(Parameters):
    """What a config may say about it."""

    rho: float = parameter(
        0.9, "How slowly the running means of squares forget; larger is smoother and slower.", ge=0, lt=1
    )
    eps: float = parameter(
        1e-6, "Added under the roots, so that the first steps are not 0; larger makes the first steps longer.", gt=0
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )


class ForeachAdadelta(ListOptimizer):
    """Adadelta over all weights with torch's list operations.

    The numbers are those of ``torch.optim.Adadelta``.
    """

    implementation = "foreach adadelta"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        rho: float,
        eps: float,
        weight_decay: float,
    ) -> None:
        super().__init__(weights, {"square": 0.0, "moved": 0.0}, added_decay=weight_decay)
        self._rho = rho
        self._eps = eps

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        grads = due.grads
        squares, moved = due.kept["square"], due.kept["moved"]
        torch._foreach_mul_(squares, self._rho)
        torch._foreach_addcmul_(squares, grads, grads, value=1 - self._rho)
        roots = list(torch._foreach_add(squares, self._eps))
        torch._foreach_sqrt_(roots)
        changes = list(torch._foreach_add(moved, self._eps))
        torch._foreach_sqrt_(changes)
        torch._foreach_div_(changes, roots)
        torch._foreach_mul_(changes, grads)
        torch._foreach_mul_(moved, self._rho)
        torch._foreach_addcmul_(moved, changes, changes, value=1 - self._rho)
        torch._foreach_add_(due.weights, changes, alpha=-learning_rate)


def build_adadelta(
    weights: Sequence[Tensor],
    *,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return Adadelta over ``weights``: by list operations where torch has them, else from `torch.optim`."""
    options: dict[str, Any] = {"rho": rho, "eps": eps, "weight_decay": weight_decay}
    if can_list(weights):
        return ForeachAdadelta(weights, **options)
    return TorchOptim(weights, "Adadelta", options)


COMPONENT = Component(
    "optimizer",
    "adadelta",
    "Steps that set their own length from the steps before; the learning rate only scales them and is best near 1.",
    AdadeltaParameters,
    build=build_adadelta,
)
