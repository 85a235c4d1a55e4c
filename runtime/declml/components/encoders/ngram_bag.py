"""The text encoder ``ngram_bag``: vectors of words and of runs of words, reduced to one.

Joulin, Grave, Bojanowski and Mikolov: Bag of Tricks for Efficient Text Classification (2016, arXiv:1607.01759).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.sequence_parts import own_tokens, vocabulary_size
from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput, TokenReduction
from declml.contracts import Facts, Member, TokenStates
from declml_schema.declare import Component, Parameters, Rule, parameter

_START = 0.01
"""Words start evenly drawn within this of 0, runs at 0: most runs of a new text are new, and say nothing so."""
_LONGEST = 8
_SYMBOLS = 2
"""Padding and the unknown token come first in the vocabulary."""
_MULTIPLIER, _BITS = 0x9E3779B1, 0x7FFFFFFF  # Knuth, The Art of Computer Programming 3, section 6.4


class NgramBagParameters(Parameters):
    """What a config may say of ``ngram_bag``."""

    embedding_size: int = parameter(
        64,
        "The width of each vector; wider can hold more of a word's meaning and costs more memory and time.",
        ge=1,
        unit="values",
        common=True,
    )
    longest_run: int = parameter(
        1,
        "The longest run of tokens that has a vector of its own; 1 is blind to the order of the words, 2 sees pairs and"
        " can need more texts.",
        ge=1,
        le=_LONGEST,
        unit="tokens",
        common=True,
    )
    num_hash_buckets: int = parameter(
        32768,
        "How many vectors there are for the runs; fewer need less memory and give more runs the same one.",
        ge=1,
    )
    fold: bool = parameter(
        True,
        "Whether capitals are read as small letters and digits as 0, so that new numbers are known by their length; not"
        " with a pretrained tokenizer or a vocab_file.",
        common=True,
    )
    dropout: float = parameter(
        0.0,
        "The share of the answer's values set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
        common=True,
    )
    token_dropout: float = parameter(
        0.0,
        "The share of tokens and runs that are left out at random in training; more guards against learning texts by"
        " heart.",
        ge=0,
        lt=1,
    )
    max_sequence_length: int | None = parameter(
        None, "How many tokens are read at most; null reads all that the preprocessing leaves.", ge=1, unit="tokens"
    )
    reduce_output: ReduceOutput = parameter(
        "sum",
        "How the weighed vectors of all tokens become one; the weights of a long text are smaller, so that its sum is"
        " not larger.",
        planned=PLANNED_REDUCTIONS,
    )


class NgramBag(nn.Module):
    """Add to each token's vector those of the runs that end with it, rare ones for more, and make one vector of all.

    A token weighs ``ln((1 + most) / (1 + count)) + 1``, the commonest one occurring ``most`` times, and a run as much
    as its ends on average; the weights of a text have the length 1. A run's vector is found by the hash of its ids, so
    that there may be more runs than vectors. Tokens of a pretrained tokenizer weigh all the same.
    Shape: ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token.
    """

    weights: Tensor

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        longest_run: int,
        num_hash_buckets: int,
        fold: bool,
        dropout: float,
        token_dropout: float,
        max_sequence_length: int | None,
        reduce_output: ReduceOutput,
    ) -> None:
        del fold  # it acts where the texts are read
        super().__init__()
        self.longest = longest_run
        self.buckets = num_hash_buckets
        self.most = max_sequence_length
        self.token_dropout = token_dropout
        # Not saved: they follow from the counts.
        self.register_buffer("weights", _weights(members[0].facts), persistent=False)
        self.words = nn.Parameter(torch.empty(vocabulary_size(members[0].facts), embedding_size))
        nn.init.uniform_(self.words, -_START, _START)
        self.runs: nn.Parameter | None = None
        if longest_run > 1:
            self.runs = nn.Parameter(torch.zeros(num_hash_buckets, embedding_size))
        self.widths = [embedding_size]
        self.dropout = Dropout(dropout)
        self.reduce = TokenReduction(reduce_output, embedding_size)
        self.per_token = self.reduce.per_token

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``."""
        ids, mask = own_tokens(values if self.most is None else values[:, : self.most], lengths)
        weights = self.weights[ids] * mask  # (batch, token)
        found = [(self.words, ids, weights)]
        hashed = ids.long()
        for length in range(2, self.longest + 1):
            if self.runs is None or length > ids.shape[1]:
                break
            hashed = (hashed[:, :-1] * _MULTIPLIER + ids[:, length - 1 :] * length) & _BITS
            both = (weights[:, : 1 - length] + weights[:, length - 1 :]) / 2 * mask[:, length - 1 :]
            found.append((self.runs, (hashed ^ (hashed >> 15)) % self.buckets, both))
        total = torch.stack([each.square().sum(1) for _, _, each in found]).sum(0)  # (batch,)
        scale = total.clamp(min=1e-12).rsqrt().unsqueeze(1)
        vectors = self.words.new_zeros(*ids.shape, self.widths[0])
        for table, places, weights in found:
            told = nn.functional.embedding(places, table) * self._kept(weights * scale)
            vectors = vectors + nn.functional.pad(told, (0, 0, ids.shape[1] - places.shape[1], 0))
        return self.reduce(vectors, mask, self.dropout)

    def _kept(self, weights: Tensor) -> Tensor:
        """Return the weight of each token, ``(batch, token, 1)``: 0 for what is left out at random."""
        if self.training and self.token_dropout:
            weights = nn.functional.dropout(weights, self.token_dropout)
        return weights.unsqueeze(-1)


def _weights(facts: Facts) -> Tensor:
    """Return what each token weighs, ``(token,)``: the rarer the more, and 0 for padding and what is not known."""
    counts = facts.get("counts")
    if counts is None or torch.get_default_device().type == "meta":  # there only figures are asked for
        return torch.ones(vocabulary_size(facts))
    numbers = torch.tensor(counts, dtype=torch.float32)
    weights = ((1 + numbers.max()) / (1 + numbers)).log() + 1
    weights[:_SYMBOLS] = 0.0
    return weights


NGRAM_BAG = Component(
    kind="encoder",
    name="ngram_bag",
    doc="Adds up learned vectors of words and, if asked, of runs of them, rare ones for more: fast, and hard to beat by"
    " few thousand texts.",
    parameters=NgramBagParameters,
    features=("text",),
    build=NgramBag,
    rules=(
        Rule(
            "ignored-unless",
            "num_hash_buckets",
            "longest_run",
            tuple(range(2, _LONGEST + 1)),
            "num_hash_buckets acts only where longest_run is 2 or more.",
        ),
    ),
    facts={"asks": {"fold": "$fold"}},
)
