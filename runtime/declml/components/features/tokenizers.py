"""How texts become tokens: Polars expressions over whole columns, never a loop over rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import polars as pl

from declml.contracts import Values
from declml.errors import UserProblem
from declml_schema.declare import Rule, parameter

OwnTokenizer: TypeAlias = Literal[
    "space",
    "space_punct",
    "underscore",
    "comma",
    "characters",
    "untokenized",
    "stripped",
    "ngram",
    "json",
    "regex",
]
"""The tokenizers that need no file: the vocabulary comes from the training rows."""
Tokenizer: TypeAlias = Literal[OwnTokenizer, "hf_tokenizer"]

_LANGUAGES = (
    "english", "italian", "spanish", "french", "german", "portuguese", "dutch", "greek", "norwegian",
    "lithuanian", "danish", "polish", "romanian", "japanese", "chinese", "multi",
)  # fmt: skip
_ACTS = (
    "tokenize",
    "tokenize_filter",
    "tokenize_remove_stopwords",
    "lemmatize",
    "lemmatize_filter",
    "lemmatize_remove_stopwords",
)
PLANNED_TOKENIZERS = [f"{language}_{act}" for language in _LANGUAGES for act in _ACTS] + [
    "sentencepiece",
    "clip",
    "gpt2bpe",
    "bert",
]
"""What Ludwig knows and is not built yet."""

TOKEN_PATTERN_RULES = (
    Rule("requires", "tokenizer", "token_pattern", ("regex",)),
    Rule("ignored-unless", "token_pattern", "tokenizer", ("regex",)),
)


def token_pattern() -> Any:
    """Return the declaration of ``token_pattern``, the same for every feature type that cuts texts."""
    return parameter(
        None,
        "The regular expression of one token, which the tokenizer regex looks for.",
        min_length=1,
        examples=["[a-z]+", "#\\w+"],
    )


def _space(texts: pl.Series) -> pl.Series:
    return texts.str.extract_all(r"\S+")


def _space_punct(texts: pl.Series) -> pl.Series:
    return texts.str.extract_all(r"\w+|[^\w\s]")


def _underscore(texts: pl.Series) -> pl.Series:
    return texts.str.extract_all(r"[^_\s](?:[^_]*[^_\s])?")


def _comma(texts: pl.Series) -> pl.Series:
    return texts.str.extract_all(r"[^,\s](?:[^,]*[^,\s])?")


def _characters(texts: pl.Series) -> pl.Series:
    return texts.str.extract_all(r"(?s).")


def _untokenized(texts: pl.Series) -> pl.Series:
    return texts.str.extract_all(r"(?s)^.+$")


def _stripped(texts: pl.Series) -> pl.Series:
    return _untokenized(texts.str.strip_chars())


def _json(texts: pl.Series) -> pl.Series:
    tokens = texts.str.extract_all(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|\btrue\b|\bfalse\b')
    escaped = tokens.explode().drop_nulls()
    escaped = escaped.filter(escaped.str.contains("\\", literal=True)).unique()
    bare = tokens.list.eval(pl.element().str.strip_prefix('"').str.strip_suffix('"'))
    if not len(escaped):
        return bare
    plain = pl.Series([_unescaped(each) for each in escaped.to_list()], dtype=pl.String)
    return bare.list.eval(pl.element().replace(escaped.str.slice(1, escaped.str.len_chars() - 2), plain))


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(text, strict=False))
    except json.JSONDecodeError:
        return text[1:-1]


_SPLITTERS: dict[str, Callable[[pl.Series], pl.Series]] = {
    "space": _space,
    "space_punct": _space_punct,
    "underscore": _underscore,
    "comma": _comma,
    "characters": _characters,
    "untokenized": _untokenized,
    "stripped": _stripped,
    "json": _json,
}


def tokenize(texts: pl.Series, tokenizer: str, *, ngram_size: int, token_pattern: str | None = None) -> pl.Series:
    """Return the tokens of each text, ``(row,)`` lists of text; an empty text has none. ``texts`` holds no null.

    ``ngram`` gives the words between blanks, then the runs of 2 to ``ngram_size`` of them, joined by a blank; ``json``
    the strings and numbers of a JSON list; ``regex`` what ``token_pattern`` finds, the whole match.
    """
    if tokenizer == "regex":
        return _regex(texts, token_pattern)
    if tokenizer == "ngram":
        return ngrams(_space(texts), 1, ngram_size)
    return _SPLITTERS[tokenizer](texts)


def most_tokens(preprocessing: Values) -> int | None:
    """Return how many tokens of a row count at most, or None."""
    limits = [
        preprocessing[name] for name in ("sequence_length", "max_sequence_length") if preprocessing[name] is not None
    ]
    return min(limits) if limits else None


def _regex(texts: pl.Series, pattern: str | None) -> pl.Series:
    if pattern is None:
        raise UserProblem("missing-parameter", "token_pattern must be given for the tokenizer regex; got null.")
    try:
        tokens = texts.str.extract_all(pattern)
    except pl.exceptions.PolarsError as error:
        reason = " ".join(str(error).split())
        raise UserProblem(
            "bad-token-pattern", f"token_pattern must be a regular expression; got {pattern!r}: {reason[:200]}"
        ) from error
    return tokens.list.filter(pl.element() != "")


def ngrams(words: pl.Series, fewest: int, most: int) -> pl.Series:
    """Return the runs of ``fewest`` to ``most`` tokens of each row, ``(row,)`` lists: short ones first, then by place.

    The tokens of a run are joined by a blank.
    """
    if fewest > most:
        raise UserProblem(
            "bad-ngram-range", f"ngram_range must be a smaller and a larger number; got {fewest} before {most}."
        )
    flat = (
        pl.DataFrame({"words": words})
        .with_row_index("row")
        .with_columns(pl.col("row").cast(pl.UInt32))
        .explode("words", empty_as_null=False)
    )
    parts = [flat.with_columns(size=pl.lit(1, pl.Int64), place=pl.int_range(pl.len()))]
    joined = pl.col("words")
    for length in range(2, most + 1):
        ahead = length - 1
        joined = joined + " " + pl.col("words").shift(-ahead)
        # A run that crosses into the next text is none; the last rows have nothing ahead and are null.
        inside = (pl.col("row").shift(-ahead) == pl.col("row")).fill_null(value=False)
        parts.append(
            flat.with_columns(words=joined, size=pl.lit(length, pl.Int64), place=pl.int_range(pl.len()), inside=inside)
            .filter(pl.col("inside"))
            .drop("inside")
        )
    grouped = (
        pl.concat(parts[fewest - 1 :]).sort("row", "size", "place").group_by("row", maintain_order=True).agg("words")
    )
    every = pl.DataFrame({"row": pl.int_range(len(words), dtype=pl.UInt32, eager=True)})
    tokens = every.join(grouped, on="row", how="left", maintain_order="left")["words"]
    return tokens.fill_null(pl.lit([], dtype=pl.List(pl.String)))
