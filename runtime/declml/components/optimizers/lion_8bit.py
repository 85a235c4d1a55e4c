"""The optimizer ``lion_8bit``: Lion of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from declml.components.optimizers.bits_and_bytes import FACTS, BitsAndBytes
from declml.components.optimizers.kept_tensors import Forgetting
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class Lion8bitParameters(Parameters):
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


def build_lion_8bit(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return Lion over ``weights``; a `UserProblem` where bitsandbytes is not installed."""
    return BitsAndBytes(weights, "lion_8bit", "Lion8bit", {"betas": tuple(betas), "weight_decay": weight_decay})


COMPONENT = Component(
    "optimizer",
    "lion_8bit",
    "Lion that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Lion8bitParameters,
    build=build_lion_8bit,
    facts=FACTS,
)
