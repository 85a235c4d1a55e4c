"""The schedule ``one_cycle``: up to a peak and down to almost nothing, once in all (Smith and Topin, 2018)."""

from __future__ import annotations

import math

from declml.contracts import Schedule
from declml_schema.declare import Component, Parameters, parameter


class OneCycleParameters(Parameters):
    """What a config may say about it."""

    max_lr: float | None = parameter(
        None, "The learning rate at the peak; without it, `learning_rate`. Larger learns faster and may diverge.", gt=0
    )
    pct_start: float = parameter(
        0.3, "The share of the steps in which the rate rises; larger leaves fewer steps to settle.", gt=0, lt=1
    )
    div_factor: float = parameter(
        25.0, "How many times smaller than the peak the first rate is; larger begins more carefully.", ge=1
    )
    final_div_factor: float = parameter(
        10000.0, "How many times smaller than the first rate the last one is; larger ends nearer to 0.", ge=1
    )


def build_one_cycle(
    *,
    total_steps: int,
    steps_per_epoch: int,
    learning_rate: float,
    max_lr: float | None = None,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 10000.0,
) -> Schedule:
    """Return a factor that follows half a cosine wave up and another one down, as `torch`'s ``OneCycleLR`` does."""
    del steps_per_epoch
    peak = (max_lr or learning_rate) / learning_rate
    first = peak / div_factor
    last = first / final_div_factor
    top, end = pct_start * total_steps - 1, total_steps - 1

    def factor(step: int) -> float:
        if step <= top and top > 0:
            return _between(first, peak, step / top)
        return _between(peak, last, min(1.0, (step - top) / (end - top)))

    return factor


def _between(begin: float, end: float, share: float) -> float:
    """Return the point at ``share``, 0 to 1, of half a cosine wave from ``begin`` to ``end``."""
    return end + (begin - end) * (1 + math.cos(math.pi * share)) / 2


COMPONENT = Component(
    "schedule",
    "one_cycle",
    "The learning rate rises to a peak and falls to almost 0, once over the whole training.",
    OneCycleParameters,
    build=build_one_cycle,
)
