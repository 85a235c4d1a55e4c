"""The output type ``sequence``: tokens to predict for a row, one for each token of an input or one after the other."""

from __future__ import annotations

import polars as pl

from declml.components.features.missing import MISSING_DOC, MissingStrategy
from declml.components.features.pretrained_tokenizers import pretrained_joined
from declml.components.features.sequence import INPUT, PAD, InputSequence, InputSequencePreprocessing
from declml.components.features.spoken import spoken_columns, token_lists, with_stop
from declml.components.features.token_texts import as_texts
from declml.contracts import Encoded, Facts, Summary, Values
from declml.errors import UserProblem
from declml.token_rows import Said, SpokenScores, TokenRows
from declml_schema.declare import Component, parameter


class OutputSequencePreprocessing(InputSequencePreprocessing):
    """How a column of sequences becomes a target; the values of list columns are their tokens."""

    sequence_length: int | None = parameter(
        None, "Cut every sequence to this many tokens; null cuts at max_sequence_length alone.", ge=1, unit="tokens"
    )
    missing_value_strategy: MissingStrategy = parameter("drop_row", MISSING_DOC)


class OutputSequence(InputSequence):
    """A column of sequences as a target: ids of tokens, row after row.

    With ``ends`` among its preprocessing, which a decoder may ask for, each row ends with a symbol that says so: the id
    of the padding.
    """

    version = 1
    fewest_tokens = 0
    is_target = True
    of_tokens = True
    """Whether its targets are tokens."""

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how often each token of a chunk occurs, its longest row, and whether the rows are lists."""
        return {**super().summarize(column, preprocessing), "kind": "list" if column.dtype.is_nested() else "text"}

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks."""
        return {**super().merge(left, right), "kind": left["kind"]}

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return the facts of an input, and ``stop``, the id at the end of each row, or None, and the ``kind``."""
        facts = super().fit(summary, preprocessing)
        if len(facts["vocabulary"]) < 3:
            raise UserProblem("one-class", "The training rows must have at least one token to predict; got none.")
        return {**facts, "stop": PAD if preprocessing.get("ends") else None, "kind": summary["kind"]}

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return token ids, ``(token,)`` int32, and the rows' offsets."""
        return with_stop(super().encode(column, facts, preprocessing), facts["stop"])

    def decode(self, answers: Said, facts: Facts, preprocessing: Values, parameters: Values) -> dict[str, pl.Series]:
        """Return ``predictions``, lists or texts like the column's, and what is told of their probability."""
        del parameters
        lists = token_lists(answers.tokens, facts["vocabulary"])
        texts = lists if facts["kind"] == "list" else _texts(lists, preprocessing)
        return spoken_columns(answers, texts)

    def targets(self, encoded: TokenRows, facts: Facts, preprocessing: Values) -> TokenRows:
        """Return the true tokens, without the symbol of the end."""
        del preprocessing
        return encoded.without(facts["stop"])

    def scores(self, answers: Said, facts: Facts, preprocessing: Values, parameters: Values) -> SpokenScores:
        """Return what was said and how it is read: metrics that compare words cut texts at blanks."""
        del parameters
        is_cut = facts["kind"] == "text" and preprocessing["tokenizer"] == "hf_tokenizer"

        def texts(rows: TokenRows) -> list[str]:
            lists = token_lists(rows, facts["vocabulary"])
            return (_texts(lists, preprocessing) if is_cut else lists.list.join(" ")).to_list()

        return SpokenScores(answers, texts)


def _texts(lists: pl.Series, preprocessing: Values) -> pl.Series:
    """Return lists of tokens as the column would hold them."""
    if preprocessing["tokenizer"] == "hf_tokenizer":
        return pl.Series(pretrained_joined(lists.to_list(), preprocessing), dtype=pl.String)
    return as_texts(lists, preprocessing["tokenizer"])


OUTPUT = Component(
    kind="output",
    name="sequence",
    doc="Tokens to predict for a row: a label for each token of an input, or a sequence of its own length.",
    build=OutputSequence,
    preprocessing=OutputSequencePreprocessing,
    preprocessing_rules=INPUT.preprocessing_rules,
    facts={
        "default_decoder": "generator",
        "default_loss": "sequence_softmax_cross_entropy",
        "of_tokens": True,
    },
)
