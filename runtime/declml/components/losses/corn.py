"""The loss ``corn`` for classes that have an order: one step upwards after the other (Shi, Cao and Raschka, 2021)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from declml.components.answer_scale import ranks_of
from declml.components.losses.truth import as_shares
from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class CornParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    order: list[str] | None = parameter(
        None,
        "The classes from the lowest to the highest; null sorts classes that are numbers or keeps the order of shares,"
        " and other classes need it.",
        min_length=2,
        common=True,
        examples=[["low", "medium", "high"]],
    )


class Corn:
    """Logits ``(batch, class - 1)`` and class ids ``(batch,)`` or shares ``(batch, class)`` -> their loss, a scalar.

    Logit ``k`` tells how likely a row that reaches rank ``k`` is above it; only such rows teach it. As in the paper,
    the cross entropies of all steps are added up and divided by how many there are. Shares count in parts. The order is
    that of the fact ``link`` where it is there; else ``order`` decides, and classes without one are a `UserProblem`.
    """

    def __init__(self, facts: Facts, *, order: list[str] | None = None) -> None:
        known = facts.get("link", {}).get("ranks")
        self._ranks = torch.tensor(known or ranks_of([str(name) for name in facts["classes"]], order))

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of the rows together."""
        if self._ranks.device != answers.device:
            self._ranks = self._ranks.to(answers.device)
        shares = as_shares(answers, targets, classes=len(self._ranks))[:, self._ranks]  # (batch, rank)
        reaching = shares.flip(1).cumsum(1).flip(1)  # the part of a row that is at each rank or above
        here, above = reaching[:, :-1], reaching[:, 1:]
        losses = -(above * functional.logsigmoid(answers) + (here - above) * functional.logsigmoid(-answers))
        return losses.sum() / here.sum().clamp_min(torch.finfo(answers.dtype).tiny)


COMPONENT = Component(
    "loss",
    "corn",
    "For classes with an order, such as ratings: learns how likely a row is above each class that it reaches.",
    CornParameters,
    features=("category", "category_distribution"),
    build=Corn,
    facts={"link": "corn"},
)
