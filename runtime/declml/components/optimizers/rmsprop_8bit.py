"""The optimizer ``rmsprop_8bit``: RMSprop of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from declml.components.optimizers.bits_and_bytes import FACTS, BitsAndBytes
from declml.components.optimizers.kept_tensors import Forgetting
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class Rmsprop8bitParameters(Parameters):
    """What a config may say about it."""

    alpha: Forgetting = parameter(
        0.99, "How slowly the running mean of squares forgets; < 1, larger is smoother and slower."
    )
    eps: float = parameter(
        1e-8, "Added under the fraction so that it never divides by 0; larger damps the steps of small gradients.", gt=0
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )


def build_rmsprop_8bit(
    weights: Sequence[Tensor],
    *,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return RMSprop over ``weights``; a `UserProblem` where bitsandbytes is not installed."""
    return BitsAndBytes(
        weights, "rmsprop_8bit", "RMSprop8bit", {"alpha": alpha, "eps": eps, "weight_decay": weight_decay}
    )


COMPONENT = Component(
    "optimizer",
    "rmsprop_8bit",
    "RMSprop that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Rmsprop8bitParameters,
    build=build_rmsprop_8bit,
    facts=FACTS,
)
