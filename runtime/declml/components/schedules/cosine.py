"""The schedule ``cosine``: half a cosine wave down, and restarts if asked (Loshchilov and Hutter, 2017)."""

from __future__ import annotations

import math

from declml.contracts import Schedule
from declml_schema.declare import Component, Parameters, parameter


class CosineParameters(Parameters):
    """What a config may say about it."""

    t_0: int | None = parameter(
        None,
        "Steps until the first restart; longer restarts less often. Without it all steps, and no restart; where t_mult"
        " is more than 1, the steps of one epoch.",
        ge=1,
        unit="steps",
    )
    t_mult: int = parameter(1, "How many times longer each stretch is than the one before.", ge=1)
    eta_min: float = parameter(
        0.0, "The learning rate at the end of each stretch; nothing is learnt there while it is 0.", ge=0
    )


def build_cosine(
    *,
    total_steps: int,
    steps_per_epoch: int,
    learning_rate: float,
    t_0: int | None = None,
    t_mult: int = 1,
    eta_min: float = 0.0,
) -> Schedule:
    """Return a factor that falls from 1 to ``eta_min / learning_rate`` over each stretch of steps.

    Without ``t_0`` there is one stretch, where Ludwig restarts after each checkpoint: weights that settle once, over
    all steps, are better (``tests/benchmarks/quality.py --tune``).
    """
    first = max(1, t_0 or (total_steps if t_mult == 1 else steps_per_epoch))
    lowest = eta_min / learning_rate

    def factor(step: int) -> float:
        begin, length = _stretch(step, first, t_mult)
        return lowest + (1 - lowest) * (1 + math.cos(math.pi * (step - begin) / length)) / 2

    return factor


def _stretch(step: int, first: int, growth: int) -> tuple[int, int]:
    """Return where the stretch that holds ``step`` begins and how long it is."""
    if growth == 1:
        return step - step % first, first
    begin, length = 0, first
    while step >= begin + length:
        begin, length = begin + length, length * growth
    return begin, length


COMPONENT = Component(
    "schedule",
    "cosine",
    "The learning rate falls along half a cosine wave, to its lowest at the last step or at each restart.",
    CosineParameters,
    build=build_cosine,
)
