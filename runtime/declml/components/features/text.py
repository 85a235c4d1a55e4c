"""The feature type ``text``: words, characters or pretrained pieces; no row is padded before its batch."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import polars as pl

from declml.components.features.labels import add_counts, by_frequency, can_be_label
from declml.components.features.missing import (
    MISSING_DOC,
    MissingStrategy,
    fill_missing,
    nested_finding,
    presence_findings,
)
from declml.components.features.pretrained_tokenizers import (
    PRETRAINED_RULES,
    pretrained_facts,
    pretrained_folder,
    pretrained_ids,
)
from declml.components.features.token_lists import count_values, token_ids
from declml.components.features.tokenizers import (
    PLANNED_TOKENIZERS,
    TOKEN_PATTERN_RULES,
    OwnTokenizer,
    Tokenizer,
    most_tokens,
    ngrams,
    token_pattern,
    tokenize,
)
from declml.components.features.vocabulary_file import (
    VOCABULARY_RULE,
    vocab_file,
    vocabulary_digest,
    vocabulary_of_file,
)
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml.pretrained import locate_pretrained, tokenizer_digest
from declml_schema.declare import Component, Parameters, Rule, parameter

PAD, UNKNOWN = 0, 1
"""The ids of padding and of a token that no training row has."""

_OWN_TOKENIZERS = get_args(OwnTokenizer)


class InputTextPreprocessing(Parameters):
    """How a text column becomes an input."""

    tokenizer: Tokenizer = parameter(
        "space_punct",
        "How a text is cut into tokens; hf_tokenizer takes the pretrained model's own.",
        common=True,
        planned=PLANNED_TOKENIZERS,
    )
    pretrained_model_name_or_path: str | None = pretrained_folder()
    max_sequence_length: int | None = parameter(
        256, "How many tokens of a text are read at most; more costs memory and time.", ge=1, unit="tokens", common=True
    )
    sequence_length: int | None = parameter(
        None,
        "Pad or cut every text to exactly this many tokens; null pads each batch to its longest text.",
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
    lowercase: bool = parameter(
        False, "Whether texts are read in lower case, so that `The` and `the` are one token.", common=True
    )
    ngram_size: int = parameter(
        2, "The longest run of words that the tokenizer ngram makes a token of.", ge=1, unit="words"
    )
    token_pattern: str | None = token_pattern()
    padding_symbol: str = parameter("<PAD>", "The name of the padding token in the vocabulary.", min_length=1)
    unknown_symbol: str = parameter("<UNK>", "The name of the token for what the vocabulary lacks.", min_length=1)
    missing_value_strategy: MissingStrategy = parameter("fill_with_const", MISSING_DOC)
    fill_value: str = parameter("<UNK>", "The text that `fill_with_const` gives a missing value.")


class InputText:
    """A text column as an input: ids of tokens, row after row, without padding."""

    version = 1
    fewest_tokens = 1
    """How many tokens an empty text gets."""
    is_target = False

    def resources(self, preprocessing: Values) -> dict[str, str]:
        """Return the hashes of files beside the column that decide the outcome: a tokenizer's, or a vocabulary's."""
        name = preprocessing["pretrained_model_name_or_path"]
        if preprocessing["tokenizer"] != "hf_tokenizer":
            return vocabulary_digest(preprocessing)
        if name is None:
            return {}
        return {"tokenizer": tokenizer_digest(locate_pretrained(name))}

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        if not can_be_label(column.dtype):
            return [nested_finding(name, "text", column.dtype)]
        texts = column.cast(pl.String)
        return presence_findings(
            texts, name, is_target=self.is_target, strategy=preprocessing["missing_value_strategy"]
        )

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how often each token of a chunk occurs, and its longest row.

        Pretrained tokenizers bring their vocabulary: only rows are counted. ``fill_with_mode`` counts whole texts too.
        """
        texts = _texts(column, preprocessing)
        summary: dict[str, Any] = {"rows": len(texts), "missing": texts.null_count(), "counts": {}, "longest": 0}
        if preprocessing["missing_value_strategy"] == "fill_with_mode":
            summary["texts"] = count_values(texts.drop_nulls())
        if preprocessing["tokenizer"] != "hf_tokenizer":
            tokens = _own_tokens(texts.drop_nulls(), preprocessing)
            summary["counts"] = count_values(tokens.explode(empty_as_null=False))
            summary["longest"] = int(np.max(tokens.list.len().to_numpy(), initial=0))
            if preprocessing.get("compute_idf"):
                summary["documents"] = count_values(tokens.list.unique().explode(empty_as_null=False))
        elif preprocessing.get("compute_idf"):
            raise UserProblem(
                "own-tokenizer", "tokenizer must be one of declml's own for the encoder tf_idf; got hf_tokenizer."
            )
        return summary

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks."""
        merged: dict[str, Any] = {
            "rows": left["rows"] + right["rows"],
            "missing": left["missing"] + right["missing"],
            "counts": add_counts(left["counts"], right["counts"]),
            "longest": max(left["longest"], right["longest"]),
        }
        for name in ("texts", "documents"):
            if name in left:
                merged[name] = add_counts(left[name], right[name])
        return merged

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``vocabulary_size``, ``pad`` and ``max_length``; the ``vocabulary``, or the tokenizer's name and hash.

        Id 0 is padding, 1 unknown, the others follow by frequency, equals by text. With ``compute_idf``, which an
        encoder may ask for, ``documents`` tells in how many of the ``rows`` each token occurs.
        """
        facts: dict[str, Any] = {
            "missing": summary["missing"],
            "fill": _stand_in(summary, preprocessing),
            "sequence_length": preprocessing["sequence_length"],
        }
        if preprocessing["tokenizer"] == "hf_tokenizer":
            name = preprocessing["pretrained_model_name_or_path"]
            if name is None:
                raise UserProblem(
                    "missing-parameter",
                    "pretrained_model_name_or_path must be given for the tokenizer hf_tokenizer; got null.",
                )
            return {**facts, **pretrained_facts(name), "max_length": most_tokens(preprocessing)}
        symbols = [preprocessing["padding_symbol"], preprocessing["unknown_symbol"]]
        counts = add_counts(summary["counts"], _stand_in_counts(summary, facts["fill"], preprocessing))
        counts = {token: rows for token, rows in counts.items() if token not in symbols}
        given = vocabulary_of_file(preprocessing, symbols)
        vocabulary = [*symbols, *(by_frequency(counts)[: preprocessing["most_common"]] if given is None else given)]
        most = most_tokens(preprocessing)
        longest = max(1, summary["longest"])
        if "documents" in summary:
            missing: int = summary["missing"]
            filled = dict.fromkeys(_stand_in_counts(summary, facts["fill"], preprocessing), missing)
            documents = add_counts(summary["documents"], filled)
            facts |= {"rows": summary["rows"], "documents": [documents.get(token, 0) for token in vocabulary]}
        return {
            **facts,
            "vocabulary": vocabulary,
            "vocabulary_size": len(vocabulary),
            "counts": [0, 0, *(counts.get(token, 0) for token in vocabulary[2:])],
            "pad": PAD,
            "max_length": longest if most is None or preprocessing.get("ngram_range") else min(most, longest),
        }

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return token ids, ``(token,)`` int32, and the rows' offsets; a row without tokens has one unknown token."""
        texts = _texts(column, preprocessing)
        strategy, missing = preprocessing["missing_value_strategy"], texts.null_count()
        texts, keep = fill_missing(texts, strategy, facts["fill"])
        counts = {"missing": missing}
        if strategy == "drop_row":
            counts["missing_dropped"] = missing
        most = most_tokens(preprocessing)
        if preprocessing["tokenizer"] == "hf_tokenizer":
            # Where the tokenizer is now, not where it was when it was fitted: a saved model has its own copy.
            name = preprocessing["pretrained_model_name_or_path"]
            # What is said one token after the other has an end of its own; a label stands for each token of an input.
            bare = self.is_target and bool(preprocessing.get("ends"))
            values, offsets = pretrained_ids(texts, name, facts["tokenizer_sha256"], most=most, bare=bare)
            return Encoded(values, offsets=offsets, keep=keep, counts=counts)
        tokens = _own_tokens(texts, preprocessing)
        values, offsets, unseen = token_ids(tokens, facts["vocabulary"], unknown=UNKNOWN, at_least=self.fewest_tokens)
        counts["unknown_tokens"] = unseen
        return Encoded(values, offsets=offsets, keep=keep, counts=counts)


def _texts(column: pl.Series, preprocessing: Values) -> pl.Series:
    texts = column.cast(pl.String).alias("text")
    # A vocabulary that comes from elsewhere knows words and numbers as they are written there.
    own = preprocessing["tokenizer"] != "hf_tokenizer" and preprocessing.get("vocab_file") is None
    folds = own and preprocessing.get("fold", False)
    texts = texts.str.to_lowercase() if preprocessing["lowercase"] or folds else texts
    return texts.str.replace_all(r"\d", "0") if folds else texts


def _stand_in(summary: Summary, preprocessing: Values) -> str:
    """Return the text of a missing value; the unknown symbol is what an empty text becomes."""
    if preprocessing["missing_value_strategy"] == "fill_with_mode" and summary["texts"]:
        return by_frequency(summary["texts"])[0]
    if preprocessing["missing_value_strategy"] != "fill_with_const":
        return ""
    fill = preprocessing["fill_value"]
    return "" if fill == preprocessing["unknown_symbol"] else fill


def _stand_in_counts(summary: Summary, fill: str, preprocessing: Values) -> dict[str, int]:
    """Return the tokens that the missing texts bring, once they are filled with one and the same text."""
    if not fill or not summary["missing"]:
        return {}
    tokens = _own_tokens(pl.Series([fill]), preprocessing).explode(empty_as_null=False)
    return {token: rows * summary["missing"] for token, rows in count_values(tokens).items()}


def _own_tokens(texts: pl.Series, preprocessing: Values) -> pl.Series:
    """Return each text's tokens, ``(row,)`` lists, no more than count, or their runs if an encoder asks for them."""
    tokens = tokenize(
        texts,
        preprocessing["tokenizer"],
        ngram_size=preprocessing["ngram_size"],
        token_pattern=preprocessing.get("token_pattern"),
    )
    limits = [each for each in (most_tokens(preprocessing), preprocessing.get("read_tokens")) if each is not None]
    tokens = tokens.list.head(min(limits)) if limits else tokens
    runs = preprocessing.get("ngram_range")
    return tokens if runs in (None, [1, 1]) else ngrams(tokens, *runs)


INPUT = Component(
    kind="input",
    name="text",
    doc="Words to be read in their order, such as a title or a message.",
    build=InputText,
    preprocessing=InputTextPreprocessing,
    preprocessing_rules=(
        *PRETRAINED_RULES,
        Rule("ignored-unless", "ngram_size", "tokenizer", ("ngram",)),
        *TOKEN_PATTERN_RULES,
        VOCABULARY_RULE,
        Rule("ignored-unless", "vocab_file", "tokenizer", _OWN_TOKENIZERS),
        Rule("ignored-unless", "most_common", "tokenizer", _OWN_TOKENIZERS),
        Rule("ignored-unless", "padding_symbol", "tokenizer", _OWN_TOKENIZERS),
        Rule("ignored-unless", "unknown_symbol", "tokenizer", _OWN_TOKENIZERS),
        Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),
    ),
    facts={
        "default_encoder": "ngram_bag",
        "untyped_encoder": "parallel_cnn",  # Ludwig's, whose parameters a config may name without it
        "own_when_tied": ["max_sequence_length"],
        "pace": {"learning_rate": 0.001, "epochs": 20, "batch_rows": 16},
    },
)
