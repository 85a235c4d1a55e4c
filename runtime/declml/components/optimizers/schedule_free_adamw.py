"""The optimizer ``schedule_free_adamw``: an average of weights in place of a schedule (Defazio et al., 2024)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, it fails at once.

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from declml.components.optimizers.kept_tensors import Due, Forgetting, ListOptimizer
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter

Share = Annotated[float, Field(gt=0, lt=1)]


class ScheduleFreeAdamWParameters(Parameters):
    """What a config may say about it."""

    betas: list[Share] = parameter(
        [0.9, 0.999],
        "How near to the average the gradients are taken, and how slowly the mean of squares forgets; each < 1.",
        min_length=2,
        max_length=2,
    )
    eps: float = parameter(
        1e-8, "Added under the fraction so that it never divides by 0; larger damps the steps of small gradients.", gt=0
    )
    weight_decay: float = parameter(
        0.0,
        "The share of each weight, times the learning rate, that every step takes away; larger keeps weights smaller.",
        ge=0,
    )
    warmup_steps: int = parameter(
        0, "Raise the learning rate from near zero over this many steps, beside the warm-up of its schedule.", ge=0,
        unit="steps",
    )  # fmt: skip


class ScheduleFreeAdamW(ListOptimizer):
    """Schedule-free AdamW over all weights with torch's list operations.

    The names are those of the paper. The weights hold ``y``, where gradients are taken; ``z`` makes the steps, and the
    average ``x`` of all ``z`` is the answer: it lies on the line through both, so that it need not be kept.
    """

    implementation = "foreach schedule-free adamw"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        betas: Sequence[float],
        eps: float,
        weight_decay: float,
        warmup_steps: int,
    ) -> None:
        super().__init__(weights, {"z": 0.0, "square": 0.0})
        self._all = list(weights)
        self._betas = (float(betas[0]), float(betas[1]))
        self._eps = eps
        self._weight_decay = weight_decay
        self._warmup = warmup_steps
        self._step = 0
        self._largest = 0.0
        self._total = 0.0

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        self._step += 1
        rate = learning_rate * min(1.0, self._step / self._warmup) if self._warmup else learning_rate
        self._largest = max(self._largest, rate)
        self._total += self._largest**2
        super().step(rate)

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        z, squares = due.kept["z"], due.kept["square"]
        for place, step in enumerate(due.steps):
            if step == 1:
                z[place].copy_(due.weights[place])
        share = self._largest**2 / self._total if self._total else 0.0
        torch._foreach_mul_(squares, self._betas[1])
        torch._foreach_addcmul_(squares, due.grads, due.grads, value=1 - self._betas[1])
        roots = list(torch._foreach_div(squares, [1 - self._betas[1] ** step for step in due.steps]))
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self._eps)
        ways = list(torch._foreach_div(due.grads, roots))
        if self._weight_decay:
            torch._foreach_add_(ways, due.weights, alpha=self._weight_decay)
        torch._foreach_lerp_(due.weights, z, share)
        torch._foreach_add_(due.weights, ways, alpha=learning_rate * (self._betas[0] * (1 - share) - 1))
        torch._foreach_add_(z, ways, alpha=-learning_rate)

    @contextmanager
    def averaged(self) -> Generator[None]:
        """Put the average in force meanwhile; afterwards the weights have the bits that they had before."""
        kept = [weight.detach().clone() for weight in self._all]
        self.average()
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(self._all, kept)

    @torch.no_grad()
    def average(self) -> None:
        """Put the average in force for good: the last thing that is done with this optimizer."""
        moved = [(weight, z) for weight, z, step in self._places() if step]
        if moved:
            torch._foreach_lerp_([weight for weight, _ in moved], [z for _, z in moved], 1 - 1 / self._betas[0])

    def _places(self) -> list[tuple[Tensor, Tensor, int]]:
        state = self._tensors.state()
        steps = state["steps"].tolist()
        return [(weight, state[f"z.{place}"], int(steps[place])) for place, weight in enumerate(self._all)]

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit: live tensors, not copies, and what is counted."""
        counted = torch.tensor([float(self._step), self._largest, self._total], dtype=torch.float64)
        return {**super().state(), "counted": counted}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        super().load(state)
        step, self._largest, self._total = state["counted"].tolist()
        self._step = int(step)


def build_schedule_free_adamw(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[Forgetting] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    warmup_steps: int = 0,
) -> Optimizer:
    """Return schedule-free AdamW over ``weights``."""
    return ScheduleFreeAdamW(weights, betas=betas, eps=eps, weight_decay=weight_decay, warmup_steps=warmup_steps)


COMPONENT = Component(
    "optimizer",
    "schedule_free_adamw",
    "AdamW that answers with an average of its weights: it needs no schedule, so set decay to null with it.",
    ScheduleFreeAdamWParameters,
    build=build_schedule_free_adamw,
)
