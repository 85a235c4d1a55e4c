"""The feature type ``bag``: several tokens in a value, whose number counts and whose order does not."""

from __future__ import annotations

import polars as pl

from declml.components.features.missing import MISSING_DOC, MissingStrategy
from declml.components.features.pretrained_tokenizers import PRETRAINED_RULES, pretrained_digest, pretrained_folder
from declml.components.features.token_lists import (
    encode_tokens,
    fit_tokens,
    inspect_tokens,
    merge_tokens,
    read_tokens,
    summarize_tokens,
)
from declml.components.features.tokenizers import PLANNED_TOKENIZERS, TOKEN_PATTERN_RULES, Tokenizer, token_pattern
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml_schema.declare import Component, Parameters, Rule, parameter

UNKNOWN = "<UNK>"
"""The token of id 0: what no training row has, and by default what is missing."""


class InputBagPreprocessing(Parameters):
    """How a column of bags becomes an input; the values of list columns are their tokens."""

    tokenizer: Tokenizer = parameter("space", "How a text is cut into tokens.", common=True, planned=PLANNED_TOKENIZERS)
    pretrained_model_name_or_path: str | None = pretrained_folder()
    token_pattern: str | None = token_pattern()
    missing_value_strategy: MissingStrategy = parameter("fill_with_const", MISSING_DOC)
    fill_value: str = parameter(UNKNOWN, "The text that `fill_with_const` gives a missing value.")
    lowercase: bool = parameter(False, "Whether tokens are compared in lower case, so that `Tea` and `tea` are one.")
    most_common: int = parameter(
        10000,
        "How many tokens the vocabulary keeps at most; more costs memory in the embedding table.",
        ge=1,
        unit="tokens",
        common=True,
    )


class InputBag:
    """A column of bags as an input: ids of tokens, as often as they occur; id 0 is the unknown one."""

    version = 1

    def resources(self, preprocessing: Values) -> dict[str, str]:
        """Return the hashes of files beside the column that decide the outcome: those of a pretrained tokenizer."""
        return pretrained_digest(preprocessing)

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        return inspect_tokens(column, name, preprocessing, declared="bag")

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how often each token of a chunk occurs."""
        return summarize_tokens(read_tokens(column, preprocessing), preprocessing)

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the counts of both chunks."""
        return merge_tokens(left, right)

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``vocabulary`` (tokens by id, ``<UNK>`` first), ``counts`` in its order, and the stand-in ``fill``."""
        return fit_tokens(summary, preprocessing, [UNKNOWN], preprocessing["fill_value"])

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return token ids, ``(token,)`` int32, and the rows' offsets; an empty bag has no token."""
        tokens = read_tokens(column, preprocessing)
        return encode_tokens(tokens, facts, preprocessing, unknown=0, at_least=0)


INPUT = Component(
    kind="input",
    name="bag",
    doc="Several tokens in a value, where it counts how often each occurs, such as the goods in a basket.",
    build=InputBag,
    preprocessing=InputBagPreprocessing,
    preprocessing_rules=(
        *PRETRAINED_RULES,
        *TOKEN_PATTERN_RULES,
        Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),
    ),
    facts={"default_encoder": "embed"},
)
