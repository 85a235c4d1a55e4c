"""The loss ``focal`` for binaries and classes: cross entropy that looks away from easy rows (Lin et al., 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from declml.components.losses.class_weights import CLASS_WEIGHTS_DOC, ClassWeights, per_class
from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter

# Where the truth is all but certain, a power below 1 of what is left has an infinite slope: there it is flat instead.
_SMALLEST = 1e-7
_GAMMA_DOC = "How much easy rows are passed over; 0 counts all rows alike, larger learns from the hard ones only."


class BinaryFocalParameters(Parameters):
    """What a config may say about it for a binary."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    alpha: float = parameter(
        0.25,
        "What a positive row weighs, a negative one weighing one minus it; larger finds more positives, with more "
        "false alarms.",
        gt=0,
        lt=1,
    )
    gamma: float = parameter(2.0, _GAMMA_DOC, ge=0)


class CategoryFocalParameters(Parameters):
    """What a config may say about it for a category."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    alpha: float = parameter(
        0.25, "A factor on the loss of every row, whatever its class; larger counts more beside other outputs.", gt=0
    )
    gamma: float = parameter(2.0, _GAMMA_DOC, ge=0)
    class_weights: ClassWeights = parameter(
        None, CLASS_WEIGHTS_DOC, examples=[[0.5, 0.5, 2.0], {"cat": 1.0, "dog": 2.0}]
    )


class BinaryFocal:
    """Logits and 0/1 targets ``(batch,)`` -> their mean focal loss, a scalar."""

    def __init__(self, facts: Facts, *, alpha: float = 0.25, gamma: float = 2.0) -> None:
        del facts  # nothing about the column changes it
        self._alpha = alpha
        self._gamma = gamma

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        targets = targets.to(answers.dtype)
        losses = functional.binary_cross_entropy_with_logits(answers, targets, reduction="none")  # (batch,)
        weights = targets * self._alpha + (1 - targets) * (1 - self._alpha)
        return (weights * _hardness(losses, self._gamma) * losses).mean()


class CategoryFocal:
    """Logits ``(batch, class)`` and class ids ``(batch,)`` or shares ``(batch, class)`` -> their mean focal loss.

    Of shares, each class's own loss counts by its share. With class weights the mean is over the weights of the batch.
    Raises `UserProblem` when they do not fit ``facts["classes"]``.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        alpha: float = 0.25,
        gamma: float = 2.0,
        class_weights: Sequence[float] | Mapping[str, float] | None = None,
    ) -> None:
        classes = [str(name) for name in facts["classes"]]
        self._weights = None if class_weights is None else torch.tensor(per_class(class_weights, classes))
        self._alpha = alpha
        self._gamma = gamma

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        if targets.ndim == answers.ndim:
            return self._of_shares(answers, targets.to(answers.dtype))
        targets = targets.long()
        losses = functional.cross_entropy(answers, targets, reduction="none")  # (batch,)
        losses = self._alpha * _hardness(losses, self._gamma) * losses
        if self._weights is None:
            return losses.mean()
        weights = self._weights_like(answers)[targets]
        # A batch whose classes all weigh 0 must cost 0, not 0 / 0.
        return (weights * losses).sum() / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)

    def _of_shares(self, answers: Tensor, shares: Tensor) -> Tensor:
        surprises = -functional.log_softmax(answers, dim=-1)  # (batch, class)
        losses = self._alpha * _hardness(surprises, self._gamma) * surprises
        if self._weights is None:
            return (shares * losses).sum(-1).mean()
        weights = self._weights_like(answers) * shares
        return (weights * losses).sum() / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)

    def _weights_like(self, answers: Tensor) -> Tensor:
        assert self._weights is not None
        if self._weights.device != answers.device or self._weights.dtype != answers.dtype:
            self._weights = self._weights.to(answers)
        return self._weights


def _hardness(cross_entropies: Tensor, gamma: float) -> Tensor:
    """Return ``(1 - p) ** gamma``, where ``p`` is the probability that the truth got."""
    return (-torch.expm1(-cross_entropies)).clamp_min(_SMALLEST) ** gamma


BINARY = Component(
    "loss",
    "focal",
    "Cross entropy that counts rows the less the easier they are: for positives that are rare.",
    BinaryFocalParameters,
    features=("binary",),
    build=BinaryFocal,
)
CATEGORY = Component(
    "loss",
    "focal",
    "Cross entropy that counts rows the less the easier they are: for classes of very different size.",
    CategoryFocalParameters,
    features=("category", "category_distribution"),
    build=CategoryFocal,
)
