"""The loss ``entmax15`` for classes: what lies between softmax and sparsemax (Peters et al., 2019)."""

from __future__ import annotations

from torch import Tensor

from declml.components.losses.sparse_tokens import SparseTokens
from declml.components.losses.truth import as_shares
from declml.components.sparse_probabilities import entmax15_losses
from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class Entmax15Parameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)


class Entmax15:
    """Scores ``(batch, class)`` and class ids ``(batch,)`` or shares ``(batch, class)`` -> their mean loss, a scalar.

    The probabilities that it trains are those of `declml.components.sparse_softmax.entmax15`: the fact ``link``.
    """

    def __init__(self, facts: Facts) -> None:
        del facts  # nothing about the column changes it

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        return entmax15_losses(answers, as_shares(answers, targets)).mean()


COMPONENT = Component(
    "loss",
    "entmax15",
    "Trains entmax with alpha 1.5 in place of softmax: fewer probabilities of exactly 0 than with sparsemax.",
    Entmax15Parameters,
    features=("category", "category_distribution"),
    build=Entmax15,
    facts={"link": "entmax15"},
)


def build_tokens(facts: Facts) -> SparseTokens:
    """Return the loss of the tokens of sequences."""
    del facts  # nothing about the column changes it
    return SparseTokens(entmax15_losses)


TOKENS = Component(
    "loss",
    "entmax15",
    "Trains what lies between softmax and sparsemax: tokens far out of the question get a probability of exactly 0.",
    Entmax15Parameters,
    features=("sequence", "text"),
    build=build_tokens,
    facts={"link": "entmax15"},
)
