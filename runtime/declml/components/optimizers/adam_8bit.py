"""The optimizer ``adam_8bit``: Adam of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from declml.components.optimizers.bits_and_bytes import FACTS, BitsAndBytes
from declml.components.optimizers.kept_tensors import Forgetting
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class Adam8bitParameters(Parameters):
    """What a config may say about it."""

    betas: list[Forgetting] = parameter(
        [0.9, 0.999],
        "How slowly the running means of gradient and square forget; each < 1, larger is smoother and slower.",
        min_length=2,
        max_length=2,
    )
    eps: float = parameter(
        1e-8, "Added under the fraction so that it never divides by 0; larger damps the steps of small gradients.", gt=0
    )
    weight_decay: float = parameter(
        0.0, "How much of each weight is added to its gradient; larger keeps weights smaller.", ge=0
    )


def build_adam_8bit(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return Adam over ``weights``; a `UserProblem` where bitsandbytes is not installed."""
    return BitsAndBytes(
        weights, "adam_8bit", "Adam8bit", {"betas": tuple(betas), "eps": eps, "weight_decay": weight_decay}
    )


COMPONENT = Component(
    "optimizer",
    "adam_8bit",
    "Adam that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Adam8bitParameters,
    build=build_adam_8bit,
    facts=FACTS,
)
