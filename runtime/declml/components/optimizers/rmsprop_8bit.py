"""The optimizer ``rmsprop_8bit``: RMSprop of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import bits_and_bytes
from declml.components.optimizers.kept_tensors import Forgetting
from declml_schema.declare import Parameters, parameter


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


COMPONENT = bits_and_bytes(
    "rmsprop_8bit",
    "RMSprop8bit",
    "RMSprop that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Rmsprop8bitParameters,
)
