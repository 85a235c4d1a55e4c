"""The optimizer ``muon``: steps of orthogonal matrices for hidden layers, AdamW for the rest (Jordan et al., 2024)."""

# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
# torch's list operations have no public name; where one is missing, it fails at once.

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from declml.components.optimizers.adamw import build_adamw
from declml.components.optimizers.kept_tensors import Due, Forgetting, ListOptimizer
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter

# The quintic of the authors: after five rounds all singular values lie between about 0.7 and 1.2.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
_SMALLEST = 1e-7
_SIZE_OF_ADAM = 0.2  # the usual size of a number in a step of Adam's (Liu et al., 2025)


class MuonParameters(Parameters):
    """What a config may say about it."""

    momentum: Forgetting = parameter(
        0.95, "How slowly the running mean of the gradients forgets; < 1, larger is smoother and slower."
    )
    nesterov: bool = parameter(True, "Look ahead: let the present gradient count once more beside the running mean.")
    weight_decay: float = parameter(
        0.01,
        "The share of each weight, times the learning rate, that every step takes away; larger keeps weights smaller.",
        ge=0,
    )


class ForeachMuon(ListOptimizer):
    """Muon over matrices: each step is the orthogonal matrix nearest to the momentum.

    It is scaled so that its numbers are of the size of a step of AdamW's (Liu et al., 2025): one learning rate serves
    both.
    """

    implementation = "muon"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        momentum: float,
        nesterov: bool,
        weight_decay: float,
    ) -> None:
        super().__init__(weights, {"mean": 0.0})
        self._momentum = momentum
        self._nesterov = nesterov
        self._weight_decay = weight_decay

    def move(self, due: Due, learning_rate: float) -> None:
        """Change the weights that are due, and what is kept for them."""
        means = due.kept["mean"]
        torch._foreach_lerp_(means, due.grads, 1 - self._momentum)
        ways = list(torch._foreach_lerp(due.grads, means, self._momentum)) if self._nesterov else means
        if self._weight_decay:
            torch._foreach_mul_(due.weights, 1 - learning_rate * self._weight_decay)
        for weight, way in zip(due.weights, ways, strict=True):
            scale = _SIZE_OF_ADAM * math.sqrt(max(weight.shape))
            weight.add_(orthogonal(way).to(weight.dtype), alpha=-learning_rate * scale)


def orthogonal(matrix: Tensor) -> Tensor:
    """Return roughly the orthogonal matrix nearest to ``(row, column)``, by Newton's and Schulz's iteration."""
    first, third, fifth = _QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    answer = matrix.float().T if tall else matrix.float()  # the products are smaller this way round
    answer = answer / answer.norm().clamp_min(_SMALLEST)
    for _ in range(_ROUNDS):
        square = answer @ answer.T
        answer = first * answer + (third * square + fifth * square @ square) @ answer
    return answer.T if tall else answer


class MuonAndAdamW:
    """Muon for the hidden matrices among ``weights`` and AdamW for all others, as one optimizer."""

    def __init__(self, muon: Optimizer, adamw: Optimizer) -> None:
        self._parts = {"muon": muon, "adamw": adamw}
        self.implementation = f"{muon.implementation} and {adamw.implementation}"

    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        for part in self._parts.values():
            part.step(learning_rate)

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit."""
        return {f"{name}.{key}": each for name, part in self._parts.items() for key, each in part.state().items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        for name, part in self._parts.items():
            prefix = f"{name}."
            part.load({key.removeprefix(prefix): each for key, each in state.items() if key.startswith(prefix)})


def build_muon(
    weights: Sequence[Tensor],
    *,
    momentum: float = 0.95,
    nesterov: bool = True,
    weight_decay: float = 0.01,
    hidden: Sequence[bool] | None = None,
) -> Optimizer:
    """Return Muon for the matrices among ``weights``, less those that ``hidden`` says are no hidden layer's."""
    known = [True] * len(weights) if hidden is None else hidden
    chosen = [is_hidden and weight.ndim == 2 for weight, is_hidden in zip(weights, known, strict=True)]
    matrices = [weight for weight, is_chosen in zip(weights, chosen, strict=True) if is_chosen]
    others = [weight for weight, is_chosen in zip(weights, chosen, strict=True) if not is_chosen]
    muon = ForeachMuon(matrices, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)
    return MuonAndAdamW(muon, build_adamw(others, weight_decay=weight_decay))


COMPONENT = Component(
    "optimizer",
    "muon",
    "Steps in which no direction of a hidden layer is neglected; embeddings, last layers and constants take AdamW.",
    MuonParameters,
    build=build_muon,
    facts={"hidden": True},
)
