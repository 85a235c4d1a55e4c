"""Optimizers over all weights by torch's list operations: what they keep for each weight, and how a step goes."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name.

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, TypeAlias

import torch
from pydantic import Field
from torch import Tensor

Forgetting: TypeAlias = Annotated[float, Field(ge=0, lt=1)]
"""How much of a running mean stays at each step; at 1 it would never learn anything."""

_KERNELS = (
    "_foreach_abs",
    "_foreach_add",
    "_foreach_add_",
    "_foreach_addcdiv_",
    "_foreach_addcmul_",
    "_foreach_clamp_min_",
    "_foreach_div",
    "_foreach_div_",
    "_foreach_lerp",
    "_foreach_lerp_",
    "_foreach_maximum_",
    "_foreach_mul",
    "_foreach_mul_",
    "_foreach_sign_",
    "_foreach_sqrt",
    "_foreach_sqrt_",
)


@dataclass(frozen=True, slots=True)
class Due:
    """The weights that have a gradient. ``steps`` counts those of each weight, from 1, the present one included.

    ``kept`` has, by name, one tensor for each of these weights: the live ones.
    """

    weights: list[Tensor]
    grads: list[Tensor]
    steps: list[int]
    kept: Mapping[str, list[Tensor]]


class KeptTensors:
    """The weights of an optimizer with, by name, one tensor each of the weight's shape, ``initial`` at first."""

    def __init__(self, weights: Sequence[Tensor], initial: Mapping[str, float]) -> None:
        self._weights = list(weights)
        self._steps = [0] * len(self._weights)
        self._kept = {
            name: [torch.full_like(each, value, memory_format=torch.preserve_format) for each in self._weights]
            for name, value in initial.items()
        }

    def due(self) -> Due | None:
        """Count one step for each weight with a gradient and return them; None where no weight has one."""
        chosen = [index for index, weight in enumerate(self._weights) if weight.grad is not None]
        if not chosen:
            return None
        for index in chosen:
            self._steps[index] += 1
        weights = [self._weights[index] for index in chosen]
        return Due(
            weights=weights,
            grads=[weight.grad for weight in weights if weight.grad is not None],
            steps=[self._steps[index] for index in chosen],
            kept={name: [tensors[index] for index in chosen] for name, tensors in self._kept.items()},
        )

    def state(self) -> dict[str, Tensor]:
        """Return the kept tensors, live, and the counts of steps."""
        state = {"steps": torch.tensor(self._steps, dtype=torch.int64)}
        for name, tensors in self._kept.items():
            state.update({f"{name}.{index}": tensor for index, tensor in enumerate(tensors)})
        return state

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        self._steps = [int(each) for each in state["steps"].tolist()]
        for name, tensors in self._kept.items():
            for index, tensor in enumerate(tensors):
                tensor.copy_(state[f"{name}.{index}"])


class ListOptimizer(ABC):
    """An optimizer over all weights with torch's list operations, without `torch.optim`, whose import costs seconds.

    ``initial`` names the tensors that it keeps for each weight and says how they begin. ``added_decay`` is how much of
    each weight is added to its gradient.
    """

    implementation: str

    def __init__(self, weights: Sequence[Tensor], initial: Mapping[str, float], *, added_decay: float = 0.0) -> None:
        self._tensors = KeptTensors(weights, initial)
        self._added_decay = added_decay

    @abstractmethod
    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        due = self._tensors.due()
        if due is None:
            return
        if self._added_decay:
            due = replace(due, grads=list(torch._foreach_add(due.grads, due.weights, alpha=self._added_decay)))
        self.move(due, learning_rate)

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit: live tensors, not copies, and the counts of steps."""
        return self._tensors.state()

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        self._tensors.load(state)


def can_list(weights: Sequence[Tensor]) -> bool:
    """Return whether torch has the list operations for these weights: floating, on one device."""
    return (
        all(hasattr(torch, kernel) for kernel in _KERNELS)
        and len({weight.device for weight in weights}) <= 1
        and all(weight.is_floating_point() for weight in weights)
    )
