"""The loss ``sparsemax`` for classes: probabilities that can be exactly 0 (Martins and Astudillo, 2016)."""

from __future__ import annotations

from torch import Tensor

from declml.components.losses.sparse_tokens import SparseTokens
from declml.components.losses.truth import as_shares
from declml.components.sparse_probabilities import sparsemax_losses
from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter


class SparsemaxParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)


class Sparsemax:
    """Scores ``(batch, class)`` and class ids ``(batch,)`` or shares ``(batch, class)`` -> their mean loss, a scalar.

    The probabilities that it trains are those of `declml.components.sparse_softmax.sparsemax`: the fact ``link``.
    """

    def __init__(self, facts: Facts) -> None:
        del facts  # nothing about the column changes it

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the rows."""
        return sparsemax_losses(answers, as_shares(answers, targets)).mean()


COMPONENT = Component(
    "loss",
    "sparsemax",
    "Trains sparsemax in place of softmax: classes out of the question get a probability of exactly 0.",
    SparsemaxParameters,
    features=("category", "category_distribution"),
    build=Sparsemax,
    facts={"link": "sparsemax"},
)


def build_tokens(facts: Facts) -> SparseTokens:
    """Return the loss of the tokens of sequences."""
    del facts  # nothing about the column changes it
    return SparseTokens(sparsemax_losses)


TOKENS = Component(
    "loss",
    "sparsemax",
    "Trains sparsemax in place of softmax: tokens out of the question get a probability of exactly 0.",
    SparsemaxParameters,
    features=("sequence", "text"),
    build=build_tokens,
    facts={"link": "sparsemax"},
)
