"""The loss ``mean_squared_error`` for numbers and vectors: the mean of squared differences."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class MeanSquaredErrorParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)


class MeanSquaredError:
    """Answers and targets of one shape on the scale of the decoder -> their mean squared difference, a scalar."""

    def __init__(self, facts: Facts) -> None:
        del facts  # nothing about the column changes it

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        return functional.mse_loss(answers, targets.to(answers.dtype))


COMPONENT = Component(
    "loss",
    "mean_squared_error",
    "The mean of squared differences: large mistakes count most, and outliers with them.",
    MeanSquaredErrorParameters,
    features=("number", "vector"),
    build=MeanSquaredError,
)
