"""The schedule ``polynomial``: down along a power of the steps that are left, to a last rate."""

from __future__ import annotations

from declml.contracts import Schedule
from declml_schema.declare import Component, Parameters, parameter


class PolynomialParameters(Parameters):
    """What a config may say about it."""

    polynomial_power: float = parameter(
        1.0, "The bend of the fall: 1 is a straight line; larger falls fast at first and slowly at the end.", gt=0
    )
    polynomial_end_lr: float = parameter(
        0.0, "The learning rate after the last step; nothing is learnt there while it is 0.", ge=0
    )


def build_polynomial(
    *,
    total_steps: int,
    steps_per_epoch: int,
    learning_rate: float,
    polynomial_power: float = 1.0,
    polynomial_end_lr: float = 0.0,
) -> Schedule:
    """Return a factor that is 1 at step 0 and ``polynomial_end_lr / learning_rate`` from ``total_steps`` on."""
    del steps_per_epoch
    length = max(1, total_steps)
    last = polynomial_end_lr / learning_rate

    def factor(step: int) -> float:
        left = max(0.0, (length - step) / length)
        return last + (1 - last) * left**polynomial_power

    return factor


COMPONENT = Component(
    "schedule",
    "polynomial",
    "The learning rate falls along a curve, to its last value at the last step.",
    PolynomialParameters,
    build=build_polynomial,
)
