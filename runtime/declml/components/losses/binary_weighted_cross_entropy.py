"""The loss ``binary_weighted_cross_entropy`` for binaries: cross entropy of a logit, rare positives weighted up."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class BinaryWeightedCrossEntropyParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    positive_class_weight: float | None = parameter(
        None,
        "How many negative rows a positive row weighs; larger finds more positives, with more false alarms.",
        gt=0,
    )
    label_smoothing: float = parameter(
        0.0,
        "The share of each label that is dealt out to both values alike; larger gives less sure probabilities.",
        ge=0,
        lt=1,
    )
    robust_lambda: float = parameter(
        0.0,
        "How much of the loss is that of a coin flip instead, against wrong labels; larger trusts each label less.",
        ge=0,
        lt=1,
    )
    confidence_penalty: float = parameter(
        0.0, "How much sure answers are punished; larger keeps probabilities nearer to one half.", ge=0
    )


class BinaryWeightedCrossEntropy:
    """Logits and 0/1 targets ``(batch,)`` -> their mean cross entropy, a scalar.

    The confidence penalty is one minus the mean entropy of the answers, a coin flip's being 1 (Pereyra et al., 2017).
    """

    def __init__(
        self,
        facts: Facts,
        *,
        positive_class_weight: float | None = None,
        label_smoothing: float = 0.0,
        robust_lambda: float = 0.0,
        confidence_penalty: float = 0.0,
    ) -> None:
        del facts  # nothing about the column changes it
        self._positive = None if positive_class_weight is None else torch.tensor(positive_class_weight)
        self._smoothing = label_smoothing
        self._robust = robust_lambda
        self._penalty = confidence_penalty

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        positive = self._positive
        if positive is not None and (positive.device != answers.device or positive.dtype != answers.dtype):
            positive = self._positive = positive.to(answers)
        targets = targets.to(answers.dtype)
        if self._smoothing:
            targets = targets * (1 - self._smoothing) + self._smoothing / 2
        loss = functional.binary_cross_entropy_with_logits(answers, targets, pos_weight=positive)
        if self._robust:
            loss = (1 - self._robust) * loss + self._robust / 2
        if self._penalty:
            loss = loss + self._penalty * _confidence(answers)
        return loss


def _confidence(logits: Tensor) -> Tensor:
    """Return 0 where all answers are one half and 1 where all are sure."""
    probability = torch.sigmoid(logits)
    entropy = probability * functional.softplus(-logits) + (1 - probability) * functional.softplus(logits)
    return 1 - entropy.mean() / math.log(2)


COMPONENT = Component(
    "loss",
    "binary_weighted_cross_entropy",
    "Cross entropy of a probability: the further a sure answer is from the truth, the more it costs.",
    BinaryWeightedCrossEntropyParameters,
    features=("binary",),
    build=BinaryWeightedCrossEntropy,
)
