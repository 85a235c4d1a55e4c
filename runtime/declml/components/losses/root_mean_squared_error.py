"""The loss ``root_mean_squared_error`` for numbers: the root of the mean squared difference."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter

# The root has an infinite slope at 0, which would turn a perfect batch into nan gradients.
_SMALLEST = 1e-24


class RootMeanSquaredErrorParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)


class RootMeanSquaredError:
    """Answers and targets ``(batch,)`` on the decoder's scale -> the root of their mean squared difference."""

    def __init__(self, facts: Facts) -> None:
        del facts  # nothing about the column changes it

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of the rows together: it is a mean over no rows, so it depends on what shares a batch."""
        return functional.mse_loss(answers, targets.to(answers.dtype)).clamp_min(_SMALLEST).sqrt()


COMPONENT = Component(
    "loss",
    "root_mean_squared_error",
    "The root of the mean squared difference: like mean_squared_error, but its steps do not shrink with the error.",
    RootMeanSquaredErrorParameters,
    features=("number",),
    build=RootMeanSquaredError,
)
