"""A vocabulary that is given as a file, a token in each line, in place of the tokens of the training rows."""

from __future__ import annotations

import hashlib
from typing import Any

from declml.contracts import Values
from declml.errors import UserProblem
from declml.pretrained import locate_vocabulary
from declml_schema.declare import Rule, parameter

_WITHOUT_BLANKS = ("space", "space_punct")
"""Tokenizers whose tokens hold no blank: what stands behind one in a line, such as a count, is no part of the token."""

VOCABULARY_RULE = Rule("exclusive", "vocab_file", "most_common", doc="A file has as many tokens as it has.")


def vocab_file() -> Any:
    """Return the declaration of ``vocab_file``, the same for texts and sequences."""
    return parameter(
        None,
        "A file with a token in each line, which are the vocabulary in that order; null takes the most usual tokens of"
        " the training rows.",
        min_length=1,
        reference="file",
    )


def vocabulary_digest(preprocessing: Values) -> dict[str, str]:
    """Return the SHA-256 of the file by the name of what it is, or nothing where none is given."""
    name = preprocessing.get("vocab_file")
    return {} if name is None else {"vocabulary": hashlib.sha256(locate_vocabulary(name).read_bytes()).hexdigest()}


def vocabulary_of_file(preprocessing: Values, symbols: list[str]) -> list[str] | None:
    """Return the tokens of the file, each once and without the ``symbols``, or None where no file is given.

    A file that is not UTF-8, or has no token, is a `UserProblem`.
    """
    name = preprocessing.get("vocab_file")
    if name is None:
        return None
    try:
        text = locate_vocabulary(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as reason:
        raise UserProblem(
            "broken-vocabulary", f"vocab_file must be a text in UTF-8; got '{name}': {reason}."
        ) from reason
    lines = text.split("\n")  # reading made one of each end of a line; other characters may be tokens
    if preprocessing["tokenizer"] in _WITHOUT_BLANKS:
        lines = [line.split()[0] if line.split() else "" for line in lines]
    tokens = [token for token in dict.fromkeys(lines) if token and token not in symbols]
    if not tokens:
        raise UserProblem("broken-vocabulary", f"vocab_file must have a token in each line; got none in '{name}'.")
    return tokens
