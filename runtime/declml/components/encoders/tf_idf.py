"""The text encoder ``tf_idf``: how often each word occurs, weighed by how rare it is; nothing is learned here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from declml.components.encoders.sequence_parts import own_tokens, vocabulary_size
from declml.contracts import Facts, Member
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, parameter

_SYMBOLS = 2
"""Padding and the unknown token come first in the vocabulary: neither is a word."""


class TfIdfParameters(Parameters):
    """What a config may say of ``tf_idf``."""

    min_df: int = parameter(
        1, "In how many training texts a token must occur to count; more leaves out rare ones.", ge=1, common=True
    )
    max_df: float = parameter(
        1.0,
        "The largest share of training texts in which a token may occur to count; less leaves out usual ones.",
        gt=0,
        le=1,
        common=True,
    )
    ngram_range: list[PositiveInt] = parameter(
        [1, 1],
        "The shortest and the longest run of tokens that is counted; [1, 2] sees pairs of words too, and takes a"
        " vocabulary as much larger.",
        min_length=2,
        max_length=2,
        unit="tokens",
        examples=[[1, 2]],
        common=True,
    )
    max_sequence_length: int | None = parameter(
        None, "How many tokens are read at most; null reads all that the preprocessing leaves.", ge=1, unit="tokens"
    )
    str2idf: dict[str, float] | None = parameter(
        None,
        "What tokens weigh, by name, such as in a larger collection of texts; a token that is not named weighs what the"
        " training texts tell.",
        examples=[{"refund": 5.2, "the": 1.0}],
    )


class TfIdf(nn.Module):
    """Count each token of a text, times the inverse share of training texts that have it; brought to length 1.

    The weights are ``ln((1 + rows) / (1 + documents)) + 1``, as scikit-learn smooths them, so that no token is worth
    nothing (Salton and Buckley 1988). Ludwig divides by the number of tokens instead of by the length of the vector.
    Only the batch is ever so wide: the data stay ids.
    Shape: ids ``(batch, token)`` -> ``(batch, kept token)``; a text without known tokens gives zeros.
    """

    places: Tensor
    weights: Tensor

    def __init__(
        self,
        members: Sequence[Member],
        *,
        min_df: int,
        max_df: float,
        ngram_range: Sequence[int] = (1, 1),
        max_sequence_length: int | None = None,
        str2idf: Mapping[str, float] | None = None,
    ) -> None:
        del ngram_range, max_sequence_length  # they act where the tokens are read
        super().__init__()
        facts = members[0].facts
        documents, rows = _counts(facts)
        kept = [token for token, count in enumerate(documents) if min_df <= count <= max_df * rows]
        if not kept and len(documents) > _SYMBOLS and "documents" in facts:
            raise UserProblem(
                "no-tokens-left",
                f"min_df and max_df must leave some of the {len(documents) - _SYMBOLS:,} tokens; got none with "
                f"min_df {min_df} and max_df {max_df:g} of {rows:,} texts.",
                hint="Lower min_df or raise max_df.",
            )
        width = max(1, len(kept))
        places = torch.full((len(documents),), width)  # one column more for all that do not count
        places[torch.tensor(kept, dtype=torch.long)] = torch.arange(len(kept))
        weights = [math.log((1 + rows) / (1 + documents[token])) + 1 for token in kept] or [1.0]
        if str2idf is not None and kept and "vocabulary" in facts:
            weights = _told_weights(weights, [facts["vocabulary"][token] for token in kept], str2idf)
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("weights", torch.tensor(weights), persistent=False)
        self.widths = [width]

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """As above."""
        values, mask = own_tokens(values, lengths)
        counts = self.weights.new_zeros(len(values), self.widths[0] + 1)
        counts.scatter_add_(1, self.places[values], mask.to(counts.dtype))
        return nn.functional.normalize(counts[:, :-1] * self.weights, dim=1)


def _told_weights(weights: Sequence[float], tokens: Sequence[str], told: Mapping[str, float]) -> list[float]:
    """Return the weights of the tokens, those that are told in place of their own."""
    if not any(token in told for token in tokens):
        raise UserProblem(
            "no-tokens-told",
            f"str2idf must name some of the {len(tokens):,} tokens that count; got none of them.",
            hint="Look at lowercase in the feature's preprocessing.",
        )
    return [float(told.get(token, weight)) for token, weight in zip(tokens, weights, strict=True)]


def _counts(facts: Facts) -> tuple[Sequence[int], int]:
    """Return in how many texts each token occurs, and how many texts there are; all alike where nobody knows yet."""
    if "documents" in facts:
        return [0] * _SYMBOLS + facts["documents"][_SYMBOLS:], facts["rows"]
    size = vocabulary_size(facts)
    return [0 if token < _SYMBOLS else size for token in range(size)], size


TF_IDF = Component(
    kind="encoder",
    name="tf_idf",
    doc="Counts the words of a text, rare ones for more: fast, nothing to learn, and blind to the order of the words.",
    parameters=TfIdfParameters,
    features=("text",),
    build=TfIdf,
    facts={"asks": {"compute_idf": True, "ngram_range": "$ngram_range", "read_tokens": "$max_sequence_length"}},
)
