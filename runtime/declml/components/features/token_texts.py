"""Lists of tokens written as the texts that a tokenizer would cut into them again."""

from __future__ import annotations

import json
from collections.abc import Mapping

import polars as pl

_BETWEEN: Mapping[str, str] = {"comma": ",", "underscore": "_", "characters": ""}
"""What a tokenizer cuts at, where that is not a blank: tokens are joined by it again."""


def as_texts(lists: pl.Series, tokenizer: str) -> pl.Series:
    """Return lists of tokens as texts, ``(row,)``; a null stays one."""
    if tokenizer == "json":
        return pl.Series(lists.name, [json.dumps(each, ensure_ascii=False) for each in lists.to_list()])
    return lists.list.join(_BETWEEN.get(tokenizer, " "))
