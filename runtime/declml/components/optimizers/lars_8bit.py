"""The optimizer ``lars_8bit``: LARS of the package bitsandbytes, its state in 8 bits."""

from __future__ import annotations

from declml.components.optimizers.bits_and_bytes import Moving, bits_and_bytes
from declml_schema.declare import Parameters, parameter


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


COMPONENT = bits_and_bytes(
    "lars_8bit",
    "LARS8bit",
    "LARS that keeps its state in 8 bits: a quarter of the memory for large weights; needs bitsandbytes.",
    Lars8bitParameters,
)
