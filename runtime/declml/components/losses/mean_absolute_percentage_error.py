"""The loss ``mean_absolute_percentage_error`` for numbers and vectors: differences in parts of the target."""

from __future__ import annotations

from torch import Tensor

from declml.components.losses.own_unit import OwnUnit
from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class MeanAbsolutePercentageErrorParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)


class MeanAbsolutePercentageError:
    """Answers and targets of one shape on the decoder's scale -> their loss in the column's own unit, a scalar.

    A difference of a tenth of the target is 0.1. A target too near to 0 counts as the smallest size told from it.
    """

    def __init__(self, facts: Facts) -> None:
        self._unit = OwnUnit(facts)

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        answers, targets = self._unit(answers), self._unit(targets.to(answers.dtype))
        size = targets.abs().clamp_min(self._unit.smallest(targets))
        return ((answers - targets) / size).abs().mean()


COMPONENT = Component(
    "loss",
    "mean_absolute_percentage_error",
    "The mean absolute difference in parts of the target, in its own unit: targets near 0 rule it.",
    MeanAbsolutePercentageErrorParameters,
    features=("number", "vector"),
    build=MeanAbsolutePercentageError,
)
