"""The optimizer ``adamw_8bit``: AdamW of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from declml.components.optimizers.bits_and_bytes import FACTS, BitsAndBytes
from declml.components.optimizers.kept_tensors import Forgetting
from declml.contracts import Optimizer
from declml_schema.declare import Component, Parameters, parameter


class Adamw8bitParameters(Parameters):
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
        0.01,
        "The share of each weight, times the learning rate, that every step takes away; larger keeps weights smaller.",
        ge=0,
    )


def build_adamw_8bit(
    weights: Sequence[Tensor],
    *,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> Optimizer:
    """Return AdamW over ``weights``; a `UserProblem` where bitsandbytes is not installed."""
    return BitsAndBytes(
        weights, "adamw_8bit", "AdamW8bit", {"betas": tuple(betas), "eps": eps, "weight_decay": weight_decay}
    )


COMPONENT = Component(
    "optimizer",
    "adamw_8bit",
    "AdamW that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Adamw8bitParameters,
    build=build_adamw_8bit,
    facts=FACTS,
)
