"""The output type ``text``: words to predict for a row, such as a title or an answer."""

from __future__ import annotations

import polars as pl

from declml.components.features.missing import MISSING_DOC, MissingStrategy
from declml.components.features.pretrained_tokenizers import pretrained_stop, pretrained_texts
from declml.components.features.spoken import spoken_columns, token_lists, with_stop
from declml.components.features.text import INPUT, PAD, InputText, InputTextPreprocessing
from declml.components.features.token_texts import as_texts
from declml.contracts import Encoded, Facts, Summary, Values
from declml.errors import UserProblem
from declml.token_rows import Said, SpokenScores, TokenRows
from declml_schema.declare import Component, parameter

_LONGEST = 256
"""How many tokens a text has at most where nothing else says so: pretrained tokenizers count none beforehand."""


class OutputTextPreprocessing(InputTextPreprocessing):
    """How a text column becomes a target."""

    sequence_length: int | None = parameter(
        None, "Cut every text to this many tokens; null cuts at max_sequence_length alone.", ge=1, unit="tokens"
    )
    missing_value_strategy: MissingStrategy = parameter("drop_row", MISSING_DOC)


class OutputText(InputText):
    """A text column as a target: ids of tokens, row after row.

    With ``ends`` among its preprocessing, which a decoder may ask for, each row ends with a symbol that says so: the id
    of the padding, or the one that a pretrained tokenizer has for it.
    """

    version = 2
    fewest_tokens = 0
    is_target = True
    of_tokens = True
    """Whether its targets are tokens."""

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return the facts of an input, and ``stop``, the id at the end of each row, or None."""
        facts = super().fit(summary, preprocessing)
        if "vocabulary" in facts and len(facts["vocabulary"]) < 3:
            raise UserProblem("one-class", "The training rows must have at least one token to predict; got none.")
        stop = None
        if preprocessing.get("ends"):
            stop = PAD if "vocabulary" in facts else pretrained_stop(facts["tokenizer"])
        return {**facts, "stop": stop, "max_length": facts["max_length"] or _LONGEST}

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return token ids, ``(token,)`` int32, and the rows' offsets."""
        return with_stop(super().encode(column, facts, preprocessing), facts["stop"])

    def decode(self, answers: Said, facts: Facts, preprocessing: Values, parameters: Values) -> dict[str, pl.Series]:
        """Return ``predictions``, texts, and what is told of their probability."""
        del parameters
        return spoken_columns(answers, pl.Series(_texts(answers.tokens, facts, preprocessing), dtype=pl.String))

    def targets(self, encoded: TokenRows, facts: Facts, preprocessing: Values) -> TokenRows:
        """Return the true tokens, without the symbol of the end."""
        del preprocessing
        return encoded.without(facts["stop"])

    def scores(self, answers: Said, facts: Facts, preprocessing: Values, parameters: Values) -> SpokenScores:
        """Return what was said and how it is read: metrics that compare words cut texts at blanks."""
        del parameters
        own = "vocabulary" in facts and preprocessing["tokenizer"] != "characters"

        def texts(rows: TokenRows) -> list[str]:
            return (
                token_lists(rows, facts["vocabulary"]).list.join(" ").to_list()
                if own
                else _texts(rows, facts, preprocessing)
            )

        return SpokenScores(answers, texts)


def _texts(rows: TokenRows, facts: Facts, preprocessing: Values) -> list[str]:
    """Return each row as the column would hold it."""
    if "vocabulary" in facts:
        return as_texts(token_lists(rows, facts["vocabulary"]), preprocessing["tokenizer"]).to_list()
    # Where the tokenizer is now, not where it was when it was fitted: a saved model has its own copy.
    ids = [rows.values[start:end].tolist() for start, end in zip(rows.offsets[:-1], rows.offsets[1:], strict=True)]
    return pretrained_texts(ids, preprocessing["pretrained_model_name_or_path"])


OUTPUT = Component(
    kind="output",
    name="text",
    doc="Words to predict for a row, such as a title or an answer, or a label for each word of an input.",
    build=OutputText,
    preprocessing=OutputTextPreprocessing,
    preprocessing_rules=INPUT.preprocessing_rules,
    facts={
        "default_decoder": "generator",
        "default_loss": "sequence_softmax_cross_entropy",
        "of_tokens": True,
    },
)
