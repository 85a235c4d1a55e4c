"""The optimizer ``lars_8bit``: LARS of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from declml.components.optimizers.bits_and_bytes import FACTS, BitsAndBytes, Moving
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class Lars8bitParameters(Parameters):
    """What a config may say about it."""

    momentum: Moving = parameter(
        0.9, "How much of the last step is kept in the next one; larger rolls through noise and takes longer to turn."
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )
    max_unorm: float = parameter(
        1.0, "The length of a step at learning rate 1 at most, in parts of the weight's own; larger moves faster.", gt=0
    )


def build_lars_8bit(
    weights: Sequence[Tensor],
    *,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    max_unorm: float = 1.0,
) -> Optimizer:
    """Return LARS over ``weights``; a `UserProblem` where bitsandbytes is not installed."""
    return BitsAndBytes(
        weights, "lars_8bit", "LARS8bit", {"momentum": momentum, "weight_decay": weight_decay, "max_unorm": max_unorm}
    )


COMPONENT = Component(
    "optimizer",
    "lars_8bit",
    "LARS that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Lars8bitParameters,
    build=build_lars_8bit,
    facts=FACTS,
)
