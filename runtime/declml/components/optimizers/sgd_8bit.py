"""The optimizer ``sgd_8bit``: SGD of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from declml.components.optimizers.bits_and_bytes import FACTS, BitsAndBytes, Moving
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class Sgd8bitParameters(Parameters):
    """What a config may say about it."""

    momentum: Moving = parameter(
        0.9, "How much of the last step is kept in the next one; larger rolls through noise and takes longer to turn."
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )


def build_sgd_8bit(
    weights: Sequence[Tensor],
    *,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return SGD over ``weights``; a `UserProblem` where bitsandbytes is not installed."""
    return BitsAndBytes(weights, "sgd_8bit", "SGD8bit", {"momentum": momentum, "weight_decay": weight_decay})


COMPONENT = Component(
    "optimizer",
    "sgd_8bit",
    "SGD that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Sgd8bitParameters,
    build=build_sgd_8bit,
    facts=FACTS,
)
