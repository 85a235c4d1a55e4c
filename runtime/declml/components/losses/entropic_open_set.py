"""The loss ``entropic_open_set``: sure of known classes, unsure of a background (Dhamija et al., 2018)."""

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


class EntropicOpenSetParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    background_class: BackgroundClass = parameter(None, BACKGROUND_DOC, common=True, examples=["other", 0])


class EntropicOpenSet:
    """Logits ``(batch, class)`` and class ids or shares, or logits and 0/1 ``(batch,)`` -> their mean loss, a scalar.

    Raises `UserProblem` where the background is no class of ``facts``.
    """

    def __init__(self, facts: Facts, *, background_class: BackgroundClass = None) -> None:
        self._background = background_place(background_class, facts)

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        losses_of = open_set_binary_losses if answers.ndim == 1 else open_set_losses
        return losses_of(answers, targets, self._background)[0].mean()


COMPONENT = Component(
    "loss",
    "entropic_open_set",
    "Cross entropy that teaches equal probabilities for rows of a background class, to tell what is unknown.",
    EntropicOpenSetParameters,
    features=("binary", "category", "category_distribution"),
    build=EntropicOpenSet,
)
