"""The optimizer ``adagrad_8bit``: Adagrad of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from declml.components.optimizers.bits_and_bytes import FACTS, BitsAndBytes
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class Adagrad8bitParameters(Parameters):
    """What a config may say about it."""

    eps: float = parameter(
        1e-10,
        "Added under the fraction so that it never divides by 0; larger damps the steps of small gradients.",
        gt=0,
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )


def build_adagrad_8bit(
    weights: Sequence[Tensor],
    *,
    eps: float = 1e-10,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return Adagrad over ``weights``; a `UserProblem` where bitsandbytes is not installed."""
    return BitsAndBytes(weights, "adagrad_8bit", "Adagrad8bit", {"eps": eps, "weight_decay": weight_decay})


COMPONENT = Component(
    "optimizer",
    "adagrad_8bit",
    "Adagrad that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Adagrad8bitParameters,
    build=build_adagrad_8bit,
    facts=FACTS,
)
