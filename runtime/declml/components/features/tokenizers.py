"""How texts become tokens: Polars expressions over whole columns, never a loop over rows, and pretrained tokenizers."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from declml.contracts import Values
from declml.errors import UserProblem
from declml.pretrained import locate_pretrained, tokenizer_digest
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


_HF_PART = 20_000


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
        return _ngrams(_space(texts), ngram_size)
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


def _ngrams(words: pl.Series, size: int) -> pl.Series:
    flat = (
        pl.DataFrame({"words": words})
        .with_row_index("row")
        .with_columns(pl.col("row").cast(pl.UInt32))
        .explode("words", empty_as_null=False)
    )
    parts = [flat.with_columns(size=pl.lit(1, pl.Int64), place=pl.int_range(pl.len()))]
    joined = pl.col("words")
    for length in range(2, size + 1):
        ahead = length - 1
        joined = joined + " " + pl.col("words").shift(-ahead)
        # A run that crosses into the next text is none; the last rows have nothing ahead and are null.
        inside = (pl.col("row").shift(-ahead) == pl.col("row")).fill_null(value=False)
        parts.append(
            flat.with_columns(words=joined, size=pl.lit(length, pl.Int64), place=pl.int_range(pl.len()), inside=inside)
            .filter(pl.col("inside"))
            .drop("inside")
        )
    grouped = pl.concat(parts).sort("row", "size", "place").group_by("row", maintain_order=True).agg("words")
    every = pl.DataFrame({"row": pl.int_range(len(words), dtype=pl.UInt32, eager=True)})
    tokens = every.join(grouped, on="row", how="left", maintain_order="left")["words"]
    return tokens.fill_null(pl.lit([], dtype=pl.List(pl.String)))


# --- pretrained -----------------------------------------------------------------------------------------------------


def pretrained_facts(name: str) -> dict[str, Any]:
    """Return what identifies a pretrained tokenizer: its name, vocabulary size, padding id and the hash of its
    files.
    """
    tokenizer, digest = _pretrained(name)
    return {
        "tokenizer": name,
        "tokenizer_sha256": digest,
        "vocabulary_size": len(tokenizer),
        "pad": tokenizer.pad_token_id or 0,
    }


def pretrained_ids(
    texts: pl.Series, name: str, digest: str, *, most: int | None, bare: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return ids ``(token,)`` int32 and offsets ``(row + 1,)`` int64, at most ``most`` a row.

    The special tokens are among them, unless they are asked for ``bare``. A tokenizer that is not the one seen in
    training is a `UserProblem`.
    """
    tokenizer, found = _pretrained(name)
    if found != digest:
        raise UserProblem(
            "other-tokenizer",
            f"The tokenizer '{name}' must be the one of the training; got another file (SHA-256 {found[:12]}, not"
            f" {digest[:12]}).",
        )
    # A model has no positions beyond its own longest text.
    longest = tokenizer.model_max_length if most is None else min(most, tokenizer.model_max_length)
    ids: list[np.ndarray] = []
    lengths: list[np.ndarray] = []
    for start in range(0, len(texts), _HF_PART):
        rows = tokenizer(
            texts.slice(start, _HF_PART).to_list(),
            truncation=True,
            max_length=longest,
            add_special_tokens=not bare,
            return_attention_mask=False,
            return_token_type_ids=False,
        )["input_ids"]
        lists = pl.Series(rows, dtype=pl.List(pl.Int32))
        lengths.append(lists.list.len().to_numpy())
        ids.append(lists.explode(empty_as_null=False).to_numpy())
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    if lengths:
        np.cumsum(np.concatenate(lengths), out=offsets[1:])
    return (np.concatenate(ids) if ids else np.zeros(0, dtype=np.int32)), offsets


def pretrained_stop(name: str) -> int:
    """Return the id by which a pretrained tokenizer marks the end of a text. One that marks none is a `UserProblem`."""
    tokenizer, _ = _pretrained(name)
    for found in (tokenizer.eos_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id):
        if found is not None:
            return int(found)
    raise UserProblem(
        "no-end-token",
        f"The tokenizer '{name}' must have a token for the end of a text, which a generator says last; got none.",
    )


def pretrained_texts(rows: list[list[int]], name: str) -> list[str]:
    """Return the texts of rows of ids."""
    tokenizer, _ = _pretrained(name)
    return tokenizer.batch_decode(rows, skip_special_tokens=True)


def _pretrained(name: str) -> tuple[Any, str]:
    """Return a tokenizer and the digest of its files, read anew only where that is another one."""
    folder = locate_pretrained(name)
    digest = tokenizer_digest(folder)
    return _loaded(str(folder), digest), digest


@functools.lru_cache(maxsize=4)
def _loaded(folder: str, digest: str) -> Any:
    try:
        # Heavy, and only needed where a config names a pretrained tokenizer.
        from transformers import AutoTokenizer
    except ImportError as error:
        raise UserProblem(
            "missing-package",
            "The tokenizer hf_tokenizer needs the package transformers; got none.",
            hint="pip install 'declml[text]'",
        ) from error
    try:
        return AutoTokenizer.from_pretrained(folder, use_fast=True, local_files_only=True)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserProblem("broken-pretrained", f"The tokenizer in {folder} must be loadable; got: {reason}.") from error
