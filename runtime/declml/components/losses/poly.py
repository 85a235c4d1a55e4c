"""The loss ``poly`` for classes: cross entropy with more weight on its first term (Leng et al., 2022)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class PolyParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    epsilon: float = parameter(
        1.0,
        "How much the probability that the truth lacks is added to the cross entropy; larger asks for surer answers, "
        "below 0 for less sure ones.",
        ge=-1,
    )


class Poly:
    """Logits ``(batch, class)`` and class ids ``(batch,)`` or shares ``(batch, class)`` -> their mean loss, a scalar.

    It is the paper's Poly-1. Of shares, each class's own loss counts by its share.
    """

    def __init__(self, facts: Facts, *, epsilon: float = 1.0) -> None:
        del facts  # nothing about the column changes it
        self._epsilon = epsilon

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        if targets.ndim == answers.ndim:
            surprises = -functional.log_softmax(answers, dim=-1)  # (batch, class)
            losses = surprises + self._epsilon * (1 - (-surprises).exp())
            return (targets.to(answers.dtype) * losses).sum(-1).mean()
        losses = functional.cross_entropy(answers, targets.long(), reduction="none")  # (batch,)
        return (losses + self._epsilon * (1 - (-losses).exp())).mean()


COMPONENT = Component(
    "loss",
    "poly",
    "Cross entropy plus a share of the probability that the truth lacks.",
    PolyParameters,
    features=("category", "category_distribution"),
    build=Poly,
)
