"""The loss ``softmax_cross_entropy`` for categories: cross entropy over the classes, each with a weight of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from declml.contracts import Facts
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, parameter


class SoftmaxCrossEntropyParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    class_weights: list[float] | dict[str, float] | None = parameter(
        None,
        "What a row of each class weighs: one number per class in the order of the vocabulary, or a mapping from class "
        "to number; larger finds more of a rare class at the cost of false alarms. `null` weighs all alike.",
        examples=[[0.5, 0.5, 2.0], {"cat": 1.0, "dog": 2.0}],
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


class SoftmaxCrossEntropy:
    """Logits ``(batch, class)`` and class ids ``(batch,)`` -> their mean cross entropy, a scalar.

    With class weights the mean is over the weights of the batch, as in `torch.nn.CrossEntropyLoss`. The confidence
    penalty is one minus the mean entropy of the answers, in parts of a blind guess's (Pereyra et al., 2017). Raises
    `UserProblem` when the class weights do not fit ``facts["classes"]``.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        class_weights: Sequence[float] | Mapping[str, float] | None = None,
        robust_lambda: float = 0.0,
        confidence_penalty: float = 0.0,
    ) -> None:
        classes = [str(name) for name in facts["classes"]]
        self._weights = None if class_weights is None else torch.tensor(_per_class(class_weights, classes))
        self._robust = robust_lambda
        self._penalty = confidence_penalty

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        weights = self._weights
        if weights is not None and (weights.device != answers.device or weights.dtype != answers.dtype):
            weights = self._weights = weights.to(answers)
        targets = targets.long()
        if weights is None:
            loss = functional.cross_entropy(answers, targets)
        else:
            # A batch whose classes all weigh 0 must cost 0: torch's own mean would be 0 / 0.
            total = weights[targets].sum().clamp_min(torch.finfo(weights.dtype).tiny)
            loss = functional.cross_entropy(answers, targets, weight=weights, reduction="sum") / total
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


def _per_class(weights: Sequence[float] | Mapping[str, float], classes: Sequence[str]) -> list[float]:
    """Return one weight per class in the order of the vocabulary, or say which classes do not fit."""
    if not isinstance(weights, Mapping):
        if len(weights) != len(classes):
            raise UserProblem(
                "class-weights-mismatch",
                f"class_weights must have one number for each of the {len(classes)} classes; got {len(weights)}.",
                hint=f"The classes, in order, are {_listed(classes)}.",
            )
        values = [float(each) for each in weights]
    else:
        unknown = [name for name in weights if str(name) not in classes]
        missing = [name for name in classes if name not in weights]
        if unknown or missing:
            what = f"the unknown {_listed(unknown)}" if unknown else f"none for {_listed(missing)}"
            raise UserProblem(
                "class-weights-mismatch",
                f"class_weights must have a number for each class and no other name; got {what}.",
                hint=f"The classes, in order, are {_listed(classes)}.",
            )
        values = [float(weights[name]) for name in classes]
    if any(not math.isfinite(value) or value < 0 for value in values) or not any(values):
        raise UserProblem(
            "class-weights-mismatch", f"class_weights must be numbers >= 0, not all of them 0; got {values}."
        )
    return values


def _listed(names: Sequence[str], limit: int = 20) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


COMPONENT = Component(
    "loss",
    "softmax_cross_entropy",
    "Cross entropy over the classes: the less probability the true class got, the more it costs.",
    SoftmaxCrossEntropyParameters,
    features=("category",),
    build=SoftmaxCrossEntropy,
)
