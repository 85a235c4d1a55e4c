"""Pretrained tokenizers, which cut texts into pieces that they know: from the folder of a Hugging Face model."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Values
from declml.errors import UserProblem
from declml.pretrained import locate_pretrained, tokenizer_digest
from declml_schema.declare import Rule, parameter

_ROWS_AT_ONCE = 20_000
_NO_LIMIT = 2**31  # transformers writes a far larger number where a model has no longest text

PRETRAINED_RULES = (
    Rule("requires", "tokenizer", "pretrained_model_name_or_path", ("hf_tokenizer",)),
    Rule("ignored-unless", "pretrained_model_name_or_path", "tokenizer", ("hf_tokenizer",)),
)


def pretrained_folder() -> Any:
    """Return the declaration of ``pretrained_model_name_or_path``, the same for every feature type that cuts texts."""
    return parameter(None, "The folder or installed package whose tokenizer hf_tokenizer uses.", min_length=1)


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
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        rows = _rows_of_ids(tokenizer, texts.slice(start, _ROWS_AT_ONCE).to_list(), longest, bare=bare)
        counts = np.fromiter((len(each) for each in rows), np.int64, len(rows))
        lengths.append(counts)
        ids.append(np.fromiter(itertools.chain.from_iterable(rows), np.int32, int(counts.sum())))
    offsets = np.zeros(len(texts) + 1, dtype=np.int64)
    if lengths:
        np.cumsum(np.concatenate(lengths), out=offsets[1:])
    return (np.concatenate(ids) if ids else np.zeros(0, dtype=np.int32)), offsets


def _rows_of_ids(tokenizer: Any, texts: list[str], longest: int, *, bare: bool) -> list[list[int]]:
    """Return the ids of each text, at most ``longest``."""
    if not tokenizer.is_fast:
        settings = {"return_attention_mask": False, "return_token_type_ids": False, "add_special_tokens": not bare}
        return tokenizer(texts, truncation=True, max_length=longest, **settings)["input_ids"]
    # What transformers makes of each row besides its ids costs as much again as a third of the cutting.
    backend = _whole(tokenizer)
    if longest < _NO_LIMIT:
        backend.enable_truncation(longest, direction=tokenizer.truncation_side)
    return [each.ids for each in backend.encode_batch_fast(texts, add_special_tokens=not bare)]


def pretrained_digest(preprocessing: Values) -> dict[str, str]:
    """Return the hash of a pretrained tokenizer's files by the name of what they are; nothing for another one."""
    if preprocessing["tokenizer"] != "hf_tokenizer":
        return {}
    return {"tokenizer": tokenizer_digest(locate_pretrained(_named(preprocessing)))}


def pretrained_pieces(texts: pl.Series, preprocessing: Values) -> pl.Series:
    """Return the pieces that a pretrained tokenizer cuts each text into, ``(row,)`` lists, without special tokens."""
    tokenizer, _ = _pretrained(_named(preprocessing))
    pieces: list[list[str]] = []
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        part = texts.slice(start, _ROWS_AT_ONCE).to_list()
        if tokenizer.is_fast:
            pieces += [each.tokens for each in _whole(tokenizer).encode_batch(part, add_special_tokens=False)]
        else:
            pieces += [tokenizer.tokenize(each) for each in part]
    return pl.Series(pieces, dtype=pl.List(pl.String))


def pretrained_joined(lists: list[list[str]], preprocessing: Values) -> list[str]:
    """Return lists of pieces as the texts that they were cut from."""
    tokenizer, _ = _pretrained(_named(preprocessing))
    return [tokenizer.convert_tokens_to_string(each).strip() for each in lists]


def _whole(tokenizer: Any) -> Any:
    """Return the tokenizer of the library tokenizers, which cuts no text short and fills none up."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return backend


def _named(preprocessing: Values) -> str:
    name: str | None = preprocessing["pretrained_model_name_or_path"]
    if name is None:
        raise UserProblem(
            "missing-parameter",
            "pretrained_model_name_or_path must be given for the tokenizer hf_tokenizer; got null.",
        )
    return name


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
