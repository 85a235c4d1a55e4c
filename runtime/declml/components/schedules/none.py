"""The schedule ``none``: the learning rate stays as it is."""

from __future__ import annotations

from declml.contracts import Schedule
from declml_schema.declare import Component


def build_none(*, total_steps: int, steps_per_epoch: int, learning_rate: float) -> Schedule:
    """Return the factor 1 for every step."""
    del total_steps, steps_per_epoch, learning_rate
    return _one


def _one(step: int) -> float:
    del step
    return 1.0


COMPONENT = Component("schedule", "none", "The learning rate stays as it is.", build=build_none)
