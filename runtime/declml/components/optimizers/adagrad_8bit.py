"""The optimizer ``adagrad_8bit``: Adagrad of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import bits_and_bytes
from declml_schema.declare import Parameters, parameter


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


COMPONENT = bits_and_bytes(
    "adagrad_8bit",
    "Adagrad8bit",
    "Adagrad that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Adagrad8bitParameters,
)
