"""The schedule ``exponential``: the learning rate shrinks by the same factor every so many steps."""

from __future__ import annotations

import math

from declml.contracts import Schedule
from declml_schema.declare import Component, Parameters, parameter


class ExponentialParameters(Parameters):
    """What a config may say about it."""

    decay_rate: float = parameter(
        0.96, "The factor on the learning rate over `decay_steps` steps; smaller lowers the rate faster.", gt=0, le=1
    )
    decay_steps: int = parameter(
        10000,
        "The steps over which the rate is multiplied by `decay_rate` once; more lowers it slower.",
        ge=1,
        unit="steps",
    )
    staircase: bool = parameter(
        False, "Lower the rate at once after every `decay_steps` steps, not a little at each step."
    )


def build_exponential(
    *,
    total_steps: int,
    steps_per_epoch: int,
    learning_rate: float,
    decay_rate: float = 0.96,
    decay_steps: int = 10000,
    staircase: bool = False,
) -> Schedule:
    """Return the factor ``decay_rate ** (step / decay_steps)``, the exponent rounded down on a staircase."""
    del total_steps, steps_per_epoch, learning_rate

    def factor(step: int) -> float:
        exponent = step / decay_steps
        return math.pow(decay_rate, math.floor(exponent) if staircase else exponent)

    return factor


COMPONENT = Component(
    "schedule",
    "exponential",
    "The learning rate shrinks by the same factor every so many steps.",
    ExponentialParameters,
    build=build_exponential,
)
