"""The loss ``huber`` for numbers and vectors: squared for small differences, absolute for large ones (Huber, 1964)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class HuberParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    delta: float = parameter(
        1.0,
        "The difference, in normalized units, at which squared turns into absolute; larger lets outliers count more.",
        gt=0,
    )


class Huber:
    """Answers and targets of one shape on the scale of the decoder -> their mean Huber loss, a scalar."""

    def __init__(self, facts: Facts, *, delta: float = 1.0) -> None:
        del facts  # nothing about the column changes it
        self._delta = delta

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        return functional.huber_loss(answers, targets.to(answers.dtype), delta=self._delta)


COMPONENT = Component(
    "loss",
    "huber",
    "Squared for small differences and absolute for large ones, so that outliers do not rule the training.",
    HuberParameters,
    features=("number", "vector"),
    build=Huber,
)
