"""The optimizer ``adafactor``: Adam with a row and a column in place of each matrix (Shazeer and Stern, 2018)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter

_SMALLEST_SQUARE = 1e-30
_SMALLEST_SCALE = 1e-3
_DECAY = -0.8  # how fast the running mean of squares becomes slower, as in the paper
_LARGEST_STEP = 1.0  # the root of the mean square of a step, in parts of its rate
_RELATIVE_RATE = 1e-2
_RELATIVE_WARMUP = 1e-6


class AdafactorParameters(Parameters):
    """What a config may say about it."""

    scale_parameter: bool = parameter(
        False, "Make each step a part of the size of its weights, so that large and small ones move alike."
    )
    relative_step: bool = parameter(
        False, "Let steps shrink with the root of their number and leave `learning_rate` and its schedule aside."
    )
    warmup_init: bool = parameter(False, "With relative_step, begin with tiny steps that grow with their number.")
    weight_decay: float = parameter(
        0.0,
        "The share of each weight, times the learning rate, that every step takes away; larger keeps weights smaller.",
        ge=0,
    )


class Adafactor:
    """Adafactor over all weights: of matrices it keeps the mean squares of rows and columns only.

    A weight of more axes is a stack of matrices over its last two; one of a single axis keeps its mean squares whole.
    """

    implementation = "adafactor"

    def __init__(
        self,
        weights: Sequence[Tensor],
        *,
        scale_parameter: bool,
        relative_step: bool,
        warmup_init: bool,
        weight_decay: float,
    ) -> None:
        self._weights = list(weights)
        self._steps = [0] * len(self._weights)
        self._kept = [_empty(weight) for weight in self._weights]
        self._scales = scale_parameter
        self._relative = relative_step
        self._warms = warmup_init
        self._weight_decay = weight_decay

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        for place, weight in enumerate(self._weights):
            if weight.grad is not None:
                self._steps[place] += 1
                self._move(weight, weight.grad, self._kept[place], self._steps[place], learning_rate)

    def _move(self, weight: Tensor, grad: Tensor, kept: dict[str, Tensor], step: int, learning_rate: float) -> None:
        rate = self._rate(step, learning_rate)
        forgets = step**_DECAY
        squares = grad.square() + _SMALLEST_SQUARE
        if "row" in kept:
            row = kept["row"].lerp_(squares.mean(-1), forgets)
            column = kept["column"].lerp_(squares.mean(-2), forgets)
            # The product of both, in parts of their common mean, stands for the matrix.
            means = (row / row.mean(-1, keepdim=True)).unsqueeze(-1) * column.unsqueeze(-2)
        else:
            means = kept["square"].lerp_(squares, forgets)
        way = grad * means.rsqrt()
        way = way / (_size(way) / _LARGEST_STEP).clamp_min(1.0)
        scale = _size(weight).clamp_min(_SMALLEST_SCALE) if self._scales else 1.0
        if self._weight_decay:
            weight.mul_(1 - self._weight_decay * rate)
        weight.sub_(way * (scale * rate))

    def _rate(self, step: int, learning_rate: float) -> float:
        if not self._relative:
            return learning_rate
        most = _RELATIVE_WARMUP * step if self._warms else _RELATIVE_RATE
        return min(most, 1 / math.sqrt(step))

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit: live tensors, not copies, and the counts of steps."""
        state = {"steps": torch.tensor(self._steps, dtype=torch.int64)}
        state.update({f"{name}.{place}": each for place, kept in enumerate(self._kept) for name, each in kept.items()})
        return state

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned; a `KeyError` names what is missing."""
        self._steps = [int(each) for each in state["steps"].tolist()]
        for place, kept in enumerate(self._kept):
            for name, tensor in kept.items():
                tensor.copy_(state[f"{name}.{place}"])


def _empty(weight: Tensor) -> dict[str, Tensor]:
    if weight.ndim < 2:
        return {"square": torch.zeros_like(weight, requires_grad=False)}
    return {
        "row": weight.new_zeros(weight.shape[:-1]),
        "column": weight.new_zeros((*weight.shape[:-2], weight.shape[-1])),
    }


def _size(tensor: Tensor) -> Tensor:
    return tensor.square().mean().sqrt()


def build_adafactor(
    weights: Sequence[Tensor],
    *,
    scale_parameter: bool = False,
    relative_step: bool = False,
    warmup_init: bool = False,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return Adafactor over ``weights``."""
    return Adafactor(
        weights,
        scale_parameter=scale_parameter,
        relative_step=relative_step,
        warmup_init=warmup_init,
        weight_decay=weight_decay,
    )


COMPONENT = Component(
    "optimizer",
    "adafactor",
    "Steps like Adam's for next to no memory: of each matrix it remembers a row and a column.",
    AdafactorParameters,
    build=build_adafactor,
)
