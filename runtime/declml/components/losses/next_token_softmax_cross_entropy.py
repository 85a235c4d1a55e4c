"""The loss ``next_token_softmax_cross_entropy``: cross entropy of all tokens but the first of each row."""

from __future__ import annotations

from declml.components.losses.sequence_softmax_cross_entropy import (
    SequenceSoftmaxCrossEntropy,
    SequenceSoftmaxCrossEntropyParameters,
)
from declml_schema.declare import Component


class NextTokenSoftmaxCrossEntropyParameters(SequenceSoftmaxCrossEntropyParameters):
    """What a config may say about it."""


class NextTokenSoftmaxCrossEntropy(SequenceSoftmaxCrossEntropy):
    """As `SequenceSoftmaxCrossEntropy`, where the first token of a row does not count.

    Generators answer each place from the tokens before it already, so nothing is shifted as Ludwig does.
    """

    skips_first = True


NEXT_TOKEN = Component(
    "loss",
    "next_token_softmax_cross_entropy",
    "Cross entropy over all tokens but the first of each row, which has none before it to be told from.",
    NextTokenSoftmaxCrossEntropyParameters,
    features=("sequence", "text"),
    build=NextTokenSoftmaxCrossEntropy,
)
