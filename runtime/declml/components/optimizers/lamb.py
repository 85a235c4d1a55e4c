"""The optimizer ``lamb``: Adam whose step for each weight is as long as the weight is large (You et al., 2020)."""

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


class LambParameters(Parameters):
    """What a config may say about it."""

    bias_correction: bool = parameter(
        True, "Make up for running means that begin at 0, so that the first steps are not too small."
    )
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
        0.0, "How much of each weight joins its step or gradient; larger keeps weights smaller.", ge=0
    )
    adam_w_mode: bool = parameter(
        True, "Whether weight decay joins the step, as in AdamW, or the gradient, as in Adam."
    )
    max_unorm: float = parameter(
        1.0, "The length of a step at learning rate 1, in parts of the weight's own; larger moves faster.", gt=0
    )


class ForeachLamb(ListOptimizer):
    """LAMB over all weights with torch's list operations; `torch.optim` has none."""

    implementation = "foreach lamb"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        bias_correction: bool,
        betas: Sequence[float],
        eps: float,
        weight_decay: float,
        adam_w_mode: bool,
        max_unorm: float,
    ) -> None:
        super().__init__(weights, {"mean": 0.0, "square": 0.0}, added_decay=0.0 if adam_w_mode else weight_decay)
        self._betas = (float(betas[0]), float(betas[1]))
        self._eps = eps
        self._decay = weight_decay if adam_w_mode else 0.0
        self._corrects = bias_correction
        self._length = max_unorm

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        means, squares = due.kept["mean"], due.kept["square"]
        torch._foreach_lerp_(means, due.grads, 1 - self._betas[0])
        torch._foreach_mul_(squares, self._betas[1])
        torch._foreach_addcmul_(squares, due.grads, due.grads, value=1 - self._betas[1])
        roots = list(torch._foreach_sqrt(squares))
        ways = list(means)
        if self._corrects:
            torch._foreach_div_(roots, [(1 - self._betas[1] ** step) ** 0.5 for step in due.steps])
            ways = list(torch._foreach_div(ways, [1 - self._betas[0] ** step for step in due.steps]))
        torch._foreach_add_(roots, self._eps)
        ways = list(torch._foreach_div(ways, roots))
        if self._decay:
            torch._foreach_add_(ways, due.weights, alpha=self._decay)
        torch._foreach_add_(due.weights, trusted(due.weights, ways, self._length), alpha=-learning_rate)


def build_lamb(
    weights: Sequence[Tensor],
    *,
    bias_correction: bool = True,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    adam_w_mode: bool = True,
    max_unorm: float = 1.0,
) -> Optimizer:
    """Return LAMB over ``weights``."""
    return ForeachLamb(
        weights,
        bias_correction=bias_correction,
        betas=betas,
        eps=eps,
        weight_decay=weight_decay,
        adam_w_mode=adam_w_mode,
        max_unorm=max_unorm,
    )


COMPONENT = Component(
    "optimizer",
    "lamb",
    "Adam whose steps are as long as the weights they move are large: for very large batches.",
    LambParameters,
    build=build_lamb,
)
