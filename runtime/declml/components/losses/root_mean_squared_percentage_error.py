"""The loss ``root_mean_squared_percentage_error`` for numbers: root mean squared difference in parts of the target."""

from __future__ import annotations

from torch import Tensor

from declml.components.losses.own_unit import OwnUnit
from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter

# The root has an infinite slope at 0, which would turn a perfect batch into nan gradients.
_SMALLEST = 1e-24


class RootMeanSquaredPercentageErrorParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)


class RootMeanSquaredPercentageError:
    """Answers and targets ``(batch,)`` on the decoder's scale -> their loss in the column's own unit, a scalar.

    A difference of a tenth of the target is 0.1. A target too near to 0 counts as the smallest size told from it.
    """

    def __init__(self, facts: Facts) -> None:
        self._unit = OwnUnit(facts)

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of the rows together: it depends on what shares a batch."""
        answers, targets = self._unit(answers), self._unit(targets.to(answers.dtype))
        size = targets.abs().clamp_min(self._unit.smallest(targets))
        parts = (answers - targets) / size
        # Squares of wild answers would overflow: they are taken of parts of the largest one.
        largest = parts.detach().abs().max().clamp_min(1.0)
        return largest * (parts / largest).square().mean().clamp_min(_SMALLEST).sqrt()


COMPONENT = Component(
    "loss",
    "root_mean_squared_percentage_error",
    "The root of the mean squared difference in parts of the target, in its own unit: targets near 0 rule it.",
    RootMeanSquaredPercentageErrorParameters,
    features=("number",),
    build=RootMeanSquaredPercentageError,
)
