"""The loss ``softmax_cross_entropy``: cross entropy over classes, whether the truth is one of them or shares of all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from declml.components.losses.class_similarities import (
    CLASS_SIMILARITIES_DOC,
    TEMPERATURE_DOC,
    ClassSimilarities,
    similar_labels,
)
from declml.components.losses.class_weights import CLASS_WEIGHTS_DOC, ClassWeights, per_class
from declml.contracts import Facts
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, parameter


class SoftmaxCrossEntropyParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    class_weights: ClassWeights = parameter(
        None, CLASS_WEIGHTS_DOC, examples=[[0.5, 0.5, 2.0], {"cat": 1.0, "dog": 2.0}]
    )
    label_smoothing: float = parameter(
        0.0,
        "The share of each label that is dealt out to all classes alike; larger gives less sure probabilities.",
        ge=0,
        lt=1,
    )
    robust_lambda: float = parameter(
        0.0,
        "How much of the loss is that of a blind guess instead, against wrong labels; larger trusts each label less.",
        ge=0,
        lt=1,
    )
    confidence_penalty: float = parameter(
        0.0,
        "How much sure answers are punished; larger keeps the probabilities of the classes nearer to each other.",
        ge=0,
    )
    class_similarities: ClassSimilarities = parameter(
        None, CLASS_SIMILARITIES_DOC, examples=[{"good": {"fair": 0.5}, "fair": {"good": 0.5}}]
    )
    class_similarities_temperature: float = parameter(0.0, TEMPERATURE_DOC, ge=0)


class SoftmaxCrossEntropy:
    """Logits ``(batch, class)`` and class ids ``(batch,)`` or shares ``(batch, class)`` -> their mean cross entropy.

    With class weights the mean is over the weights of the batch, as in `torch.nn.CrossEntropyLoss`. The confidence
    penalty is one minus the mean entropy of the answers, in parts of a blind guess's (Pereyra et al., 2017). With
    similarities each label is shared among the classes like it. Raises `UserProblem` when the class weights or the
    similarities do not fit ``facts["classes"]``.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        class_weights: Sequence[float] | Mapping[str, float] | None = None,
        label_smoothing: float = 0.0,
        robust_lambda: float = 0.0,
        confidence_penalty: float = 0.0,
        class_similarities: ClassSimilarities = None,
        class_similarities_temperature: float = 0.0,
    ) -> None:
        if facts.get("normalization") is not None:
            raise UserProblem(
                "scaled-shares",
                "normalization must be null with the loss softmax_cross_entropy, which compares shares as they are;"
                f" got {facts['normalization']}.",
            )
        classes = [str(name) for name in facts.get("classes", range(facts.get("vector_size", 0)))]
        self._weights = None if class_weights is None else torch.tensor(per_class(class_weights, classes))
        self._labels: Tensor | None = None
        if class_similarities is not None:
            self._labels = similar_labels(class_similarities, class_similarities_temperature, classes)
        self._smoothing = label_smoothing
        self._robust = robust_lambda
        self._penalty = confidence_penalty

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        weights = self._weights
        if weights is not None and (weights.device != answers.device or weights.dtype != answers.dtype):
            weights = self._weights = weights.to(answers)
        targets = targets.to(answers.dtype) if targets.ndim == answers.ndim else targets.long()
        if self._labels is not None:
            labels = self._labels = self._labels.to(answers)
            targets = targets @ labels if targets.ndim == answers.ndim else labels[targets]
        if weights is None:
            loss = functional.cross_entropy(answers, targets, label_smoothing=self._smoothing)
        else:
            # A batch whose classes all weigh 0 must cost 0: torch's own mean would be 0 / 0.
            weighed = targets * weights if targets.ndim == answers.ndim else weights[targets]
            total = weighed.sum().clamp_min(torch.finfo(weights.dtype).tiny)
            summed = functional.cross_entropy(
                answers, targets, weight=weights, reduction="sum", label_smoothing=self._smoothing
            )
            loss = summed / total
        if self._robust:
            loss = (1 - self._robust) * loss + self._robust / answers.shape[-1]
        if self._penalty:
            loss = loss + self._penalty * _confidence(answers)
        return loss


def _confidence(logits: Tensor) -> Tensor:
    """Return 0 where all answers are blind guesses and 1 where all are sure."""
    logs = functional.log_softmax(logits, dim=-1)
    entropy = -(logs.exp() * logs).sum(dim=-1)  # (batch,)
    return 1 - entropy.mean() / math.log(max(2, logits.shape[-1]))


CATEGORY = Component(
    "loss",
    "softmax_cross_entropy",
    "Cross entropy over the classes: the less probability the true class got, the more it costs.",
    SoftmaxCrossEntropyParameters,
    features=("category",),
    build=SoftmaxCrossEntropy,
)
SHARES = Component(
    "loss",
    "softmax_cross_entropy",
    "Cross entropy of shares: the less share an answer gives to what has much of it in truth, the more it costs.",
    SoftmaxCrossEntropyParameters,
    features=("category_distribution", "vector"),
    build=SoftmaxCrossEntropy,
)
