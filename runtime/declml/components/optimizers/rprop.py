"""The optimizer ``rprop``: steps that go by the sign of each gradient alone (Riedmiller and Braun, 1993)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, torch.optim does the work.

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor

from declml.components.optimizers.kept_tensors import Due, ListOptimizer, can_list
from declml.components.optimizers.torch_optim import TorchOptim
from declml.contracts import Optimizer
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, parameter

Length = Annotated[float, Field(gt=0)]


class RpropParameters(Parameters):
    """What a config may say about it."""

    etas: list[Length] = parameter(
        [0.5, 1.2],
        "By how much a weight's step shrinks where its gradient turns, and grows where it does not: < 1 and > 1.",
        min_length=2,
        max_length=2,
    )
    step_sizes: list[Length] = parameter(
        [1e-6, 50.0], "The shortest and the longest step of a weight.", min_length=2, max_length=2
    )


class ForeachRprop(ListOptimizer):
    """Resilient propagation over all weights, the numbers those of ``torch.optim.Rprop``.

    Each weight has a step length of its own; the learning rate is only the first.
    """

    implementation = "foreach rprop"

    def __init__(self, weights: Sequence[Tensor], *, etas: Sequence[float], step_sizes: Sequence[float]) -> None:
        super().__init__(weights, {"before": 0.0, "length": 0.0})
        self._shrink, self._grow = (float(each) for each in etas)
        self._shortest, self._longest = (float(each) for each in step_sizes)

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        before, lengths = due.kept["before"], due.kept["length"]
        for length, step in zip(lengths, due.steps, strict=True):
            if step == 1:
                length.fill_(learning_rate)
        agree = list(torch._foreach_sign(torch._foreach_mul(due.grads, before)))
        for grad, last, length, sign in zip(due.grads, before, lengths, agree, strict=True):
            factor = torch.where(sign > 0, self._grow, torch.where(sign < 0, self._shrink, 1.0))
            length.mul_(factor).clamp_(self._shortest, self._longest)
            last.copy_(grad.masked_fill(sign < 0, 0.0))  # where it turned, the next gradient is taken as the first
        torch._foreach_sub_(due.weights, torch._foreach_mul(torch._foreach_sign(before), lengths))


def build_rprop(
    weights: Sequence[Tensor], *, etas: Sequence[float] = (0.5, 1.2), step_sizes: Sequence[float] = (1e-6, 50.0)
) -> Optimizer:
    """Return resilient propagation over ``weights``: our own where torch has list operations, else `torch.optim`'s.

    A `UserProblem` where ``etas`` do not shrink and grow, or the longest step is shorter than the shortest.
    """
    if not etas[0] < 1 < etas[1]:
        raise UserProblem(
            "unfit-values",
            f"etas must be a factor < 1 and one > 1; got {list(etas)}.",
            path="trainer.optimizer.etas",
            hint="The first shrinks steps and the second lets them grow: [0.5, 1.2].",
        )
    if step_sizes[0] > step_sizes[1]:
        raise UserProblem(
            "unfit-values",
            f"step_sizes must be the shortest and the longest step in this order; got {list(step_sizes)}.",
            path="trainer.optimizer.step_sizes",
        )
    if can_list(weights):
        return ForeachRprop(weights, etas=etas, step_sizes=step_sizes)
    options: dict[str, Any] = {"etas": tuple(etas), "step_sizes": tuple(step_sizes)}
    return TorchOptim(weights, "Rprop", options)


COMPONENT = Component(
    "optimizer",
    "rprop",
    "Steps by the sign of each gradient, of a length that each weight finds: for all rows in each step, which `auto`"
    " gives, as noise misleads it. The learning rate is only the first length.",
    RpropParameters,
    build=build_rprop,
    facts={"pace": {"all_rows": True}},
)
