"""The optimizer ``lion``: steps of one length, along the sign of a mix of momentum and gradient (Chen et al., 2023)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, it fails at once.

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from declml.components.optimizers.kept_tensors import Forgetting, KeptTensors
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class LionParameters(Parameters):
    """What a config may say about it."""

    betas: list[Forgetting] = parameter(
        [0.9, 0.999],
        "How much of the momentum is in each step, and how slowly the momentum forgets; each < 1, larger is smoother.",
        min_length=2,
        max_length=2,
    )
    weight_decay: float = parameter(
        0.0,
        "The share of each weight, times the learning rate, that every step takes away; larger keeps weights smaller.",
        ge=0,
    )


class ForeachLion:
    """Lion over all weights with torch's list operations; `torch.optim` has none."""

    implementation = "foreach lion"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        betas: Sequence[float],
        weight_decay: float,
    ) -> None:
        self._tensors = KeptTensors(weights, {"mean": 0.0})
        self._betas = (float(betas[0]), float(betas[1]))
        self._weight_decay = weight_decay

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        due = self._tensors.due()
        if due is None:
            return
        means = due.kept["mean"]
        if self._weight_decay:
            torch._foreach_mul_(due.weights, 1 - learning_rate * self._weight_decay)
        ways = list(torch._foreach_lerp(means, due.grads, 1 - self._betas[0]))
        torch._foreach_sign_(ways)
        torch._foreach_add_(due.weights, ways, alpha=-learning_rate)
        torch._foreach_lerp_(means, due.grads, 1 - self._betas[1])

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit: live tensors, not copies, and the counts of steps."""
        return self._tensors.state()

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        self._tensors.load(state)


def build_lion(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return Lion over ``weights``."""
    return ForeachLion(weights, betas=betas, weight_decay=weight_decay)


COMPONENT = Component(
    "optimizer",
    "lion",
    "Steps of one length for every weight, with half of Adam's memory; its learning rate is 3 to 10 times smaller.",
    LionParameters,
    build=build_lion,
)
