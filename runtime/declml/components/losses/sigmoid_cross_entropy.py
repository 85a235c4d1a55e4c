"""The loss ``sigmoid_cross_entropy`` for sets: cross entropy of each item for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from declml.components.losses.class_weights import ClassWeights, per_class
from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class SigmoidCrossEntropyParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    class_weights: ClassWeights = parameter(
        None,
        "What the presence of each item weighs against its absence: a number per item in the order of the vocabulary,"
        " or by name; larger finds more of a rare item. `null` weighs all alike.",
        examples=[[1.0, 1.0, 5.0], {"breaking": 5.0, "sports": 1.0}],
    )


class SigmoidCrossEntropy:
    """Logits and 0/1 targets ``(batch, item)`` -> the mean cross entropy over rows and items, a scalar.

    Raises `UserProblem` when the class weights do not fit ``facts["vocabulary"]``.
    """

    def __init__(self, facts: Facts, *, class_weights: Sequence[float] | Mapping[str, float] | None = None) -> None:
        items = [str(each) for each in facts["vocabulary"]]
        self._weights = None if class_weights is None else torch.tensor(per_class(class_weights, items))

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        weights = self._weights
        if weights is not None and (weights.device != answers.device or weights.dtype != answers.dtype):
            weights = self._weights = weights.to(answers)
        return functional.binary_cross_entropy_with_logits(answers, targets.to(answers.dtype), pos_weight=weights)


COMPONENT = Component(
    "loss",
    "sigmoid_cross_entropy",
    "Cross entropy of each item for itself: the further a sure answer is from the truth, the more it costs.",
    SigmoidCrossEntropyParameters,
    features=("set",),
    build=SigmoidCrossEntropy,
)
