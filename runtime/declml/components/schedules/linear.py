"""The schedule ``linear``: the learning rate falls in a straight line to 0 at the last step."""

from __future__ import annotations

from declml.contracts import Schedule
from declml_schema.declare import Component


def build_linear(*, total_steps: int, steps_per_epoch: int, learning_rate: float) -> Schedule:
    """Return a factor that is 1 at step 0 and 0 at ``total_steps``."""
    del steps_per_epoch, learning_rate
    length = max(1, total_steps)

    def factor(step: int) -> float:
        return max(0.0, (length - step) / length)

    return factor


COMPONENT = Component(
    "schedule", "linear", "The learning rate falls in a straight line, to 0 at the last step.", build=build_linear
)
