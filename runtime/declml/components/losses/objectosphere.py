"""The loss ``objectosphere``: entropic open set, and large answers for known rows only (Dhamija et al., 2018)."""

from __future__ import annotations

from torch import Tensor

from declml.components.losses.background import (
    BACKGROUND_DOC,
    BackgroundClass,
    background_place,
    open_set_binary_losses,
    open_set_losses,
)
from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter

# The norm of answers that are all 0 has no gradient: it is taken as one this small.
_SMALLEST = 1e-12


class ObjectosphereParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    background_class: BackgroundClass = parameter(None, BACKGROUND_DOC, common=True, examples=["other", 0])
    xi: float = parameter(
        10.0, "The norm that the answers to known rows should have at least; larger asks for surer answers.", ge=0
    )
    zeta: float = parameter(
        0.1, "How much the norms weigh beside the cross entropy; 0 leaves the loss entropic_open_set.", ge=0
    )


class Objectosphere:
    """Logits ``(batch, class)`` and class ids or shares, or logits and 0/1 ``(batch,)`` -> their mean loss, a scalar.

    The paper takes the norm of the last hidden layer. A loss sees the logits: their norm is taken in its place, as
    Ludwig does, and around their mean, as what is added to all of them says nothing. Raises `UserProblem` where the
    background is no class of ``facts``.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        background_class: BackgroundClass = None,
        xi: float = 10.0,
        zeta: float = 0.1,
    ) -> None:
        self._background = background_place(background_class, facts)
        self._xi = xi
        self._zeta = zeta

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        losses_of = open_set_binary_losses if answers.ndim == 1 else open_set_losses
        losses, unknown = losses_of(answers, targets, self._background)
        said = answers.unsqueeze(-1) if answers.ndim == 1 else answers - answers.mean(-1, keepdim=True)
        squares = said.square().sum(-1)  # (batch,)
        lacking = (self._xi - squares.clamp_min(_SMALLEST).sqrt()).clamp_min(0).square()
        return (losses + self._zeta * (unknown * squares + (1 - unknown) * lacking)).mean()


COMPONENT = Component(
    "loss",
    "objectosphere",
    "As entropic_open_set, with small answers asked of the background and large ones of known rows.",
    ObjectosphereParameters,
    features=("binary", "category", "category_distribution"),
    build=Objectosphere,
)
