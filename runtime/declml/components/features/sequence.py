"""The feature type ``sequence``: tokens whose order counts, such as the pages of a visit or the events of a machine."""

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
from declml.components.features.tokenizers import (
    PLANNED_TOKENIZERS,
    TOKEN_PATTERN_RULES,
    Tokenizer,
    most_tokens,
    token_pattern,
)
from declml.components.features.vocabulary_file import VOCABULARY_RULE, vocab_file, vocabulary_digest
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml_schema.declare import Component, Parameters, Rule, parameter

PAD, UNKNOWN = 0, 1
"""The ids of padding and of a token that no training row has."""


class InputSequencePreprocessing(Parameters):
    """How a column of sequences becomes an input; the values of list columns are their tokens."""

    tokenizer: Tokenizer = parameter("space", "How a text is cut into tokens.", common=True, planned=PLANNED_TOKENIZERS)
    pretrained_model_name_or_path: str | None = pretrained_folder()
    token_pattern: str | None = token_pattern()
    max_sequence_length: int | None = parameter(
        256,
        "How many tokens of a sequence are read at most; more costs memory and time.",
        ge=1,
        unit="tokens",
        common=True,
    )
    sequence_length: int | None = parameter(
        None,
        "Pad or cut every sequence to exactly this many tokens; null pads each batch to its longest one.",
        ge=1,
        unit="tokens",
    )
    most_common: int = parameter(
        20000,
        "How many tokens the vocabulary keeps at most; more costs memory in the embedding table.",
        ge=1,
        unit="tokens",
        common=True,
    )
    vocab_file: str | None = vocab_file()
    lowercase: bool = parameter(False, "Whether tokens are compared in lower case, so that `Tea` and `tea` are one.")
    ngram_size: int = parameter(
        2, "The longest run of tokens that the tokenizer ngram makes a token of.", ge=1, unit="words"
    )
    padding_symbol: str = parameter("<PAD>", "The name of the padding token in the vocabulary.", min_length=1)
    unknown_symbol: str = parameter("<UNK>", "The name of the token for what the vocabulary lacks.", min_length=1)
    missing_value_strategy: MissingStrategy = parameter("fill_with_const", MISSING_DOC)
    fill_value: str = parameter("<UNK>", "The text that `fill_with_const` gives a missing value.")


class InputSequence:
    """A column of sequences as an input: ids of tokens, row after row, without padding."""

    version = 1
    fewest_tokens = 1
    """How many tokens an empty sequence gets."""
    is_target = False

    def resources(self, preprocessing: Values) -> dict[str, str]:
        """Return the hashes of files beside the column that decide the outcome: a tokenizer's, a vocabulary's."""
        return {**pretrained_digest(preprocessing), **vocabulary_digest(preprocessing)}

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        return inspect_tokens(column, name, preprocessing, declared="sequence", is_target=self.is_target)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how often each token of a chunk occurs, and its longest row."""
        return summarize_tokens(_tokens(column, preprocessing), preprocessing)

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks."""
        return merge_tokens(left, right)

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``vocabulary`` (padding, unknown, then by frequency), its ``counts``, the stand-in and the lengths."""
        symbols = [preprocessing["padding_symbol"], preprocessing["unknown_symbol"]]
        return {
            **fit_tokens(summary, preprocessing, symbols, preprocessing["fill_value"]),
            "pad": PAD,
            "max_length": max(1, summary["longest"]),
            "sequence_length": preprocessing["sequence_length"],
        }

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return token ids, ``(token,)`` int32, and the rows' offsets; a row without tokens has one unknown token."""
        tokens = _tokens(column, preprocessing)
        return encode_tokens(tokens, facts, preprocessing, unknown=UNKNOWN, at_least=self.fewest_tokens)


def _tokens(column: pl.Series, preprocessing: Values) -> pl.Series:
    tokens, most = read_tokens(column, preprocessing), most_tokens(preprocessing)
    return tokens if most is None else tokens.list.head(most)


INPUT = Component(
    kind="input",
    name="sequence",
    doc="Tokens in an order that counts, such as the pages of a visit or the events of a machine.",
    build=InputSequence,
    preprocessing=InputSequencePreprocessing,
    preprocessing_rules=(
        *PRETRAINED_RULES,
        *TOKEN_PATTERN_RULES,
        VOCABULARY_RULE,
        Rule("ignored-unless", "ngram_size", "tokenizer", ("ngram",)),
        Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),
    ),
    facts={"default_encoder": "embed", "own_when_tied": ["max_sequence_length"]},
)
