"""The schedule ``inverse_sqrt``: a straight rise, then down with the root of the steps (Vaswani et al., 2017)."""

from __future__ import annotations

import math

from declml.contracts import Schedule
from declml_schema.declare import Component, Parameters, parameter


class InverseSqrtParameters(Parameters):
    """What a config may say about it."""

    inverse_sqrt_warmup_steps: int = parameter(
        4000,
        "The steps in which the rate rises; more begin more carefully, and a shorter training never reaches the full "
        "rate.",
        ge=1,
        unit="steps",
    )


def build_inverse_sqrt(
    *, total_steps: int, steps_per_epoch: int, learning_rate: float, inverse_sqrt_warmup_steps: int = 4000
) -> Schedule:
    """Return a factor that reaches 1 at the last of the rising steps and is half of it after four times as many."""
    del total_steps, steps_per_epoch, learning_rate

    def factor(step: int) -> float:
        share = (step + 1) / inverse_sqrt_warmup_steps
        return min(share, 1 / math.sqrt(share))

    return factor


COMPONENT = Component(
    "schedule",
    "inverse_sqrt",
    "The learning rate rises in a straight line, then falls with the root of the steps, whatever their number.",
    InverseSqrtParameters,
    build=build_inverse_sqrt,
)
