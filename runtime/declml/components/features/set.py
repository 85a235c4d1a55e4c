"""The feature type ``set``: several tokens in a value, each there or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from declml.components.features.bag import INPUT as BAG
from declml.components.features.bag import InputBag, InputBagPreprocessing
from declml.components.features.token_lists import encode_tokens, inspect_tokens, read_tokens, summarize_tokens
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml_schema.declare import Component


class InputSetPreprocessing(InputBagPreprocessing):
    """How a column of sets becomes an input: as one of bags does."""


class InputSet(InputBag):
    """A column of sets as an input: ids of tokens in rising order, each once; id 0 is the unknown one."""

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        return inspect_tokens(column, name, preprocessing, declared="set")

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return in how many rows of a chunk each token occurs."""
        return summarize_tokens(read_tokens(column, preprocessing), preprocessing, once=True)

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return token ids, ``(token,)`` int32, and the rows' offsets; an empty set has no token."""
        tokens = read_tokens(column, preprocessing)
        encoded = encode_tokens(tokens, facts, preprocessing, unknown=0, at_least=0)
        assert encoded.offsets is not None
        words, rows = len(facts["vocabulary"]), len(encoded.offsets) - 1
        owners = np.repeat(np.arange(rows), np.diff(encoded.offsets))
        kept = np.unique(owners * words + encoded.values)
        offsets = np.searchsorted(kept, np.arange(rows + 1) * words)
        return replace(encoded, values=(kept % words).astype(np.int32), offsets=offsets.astype(np.int64))


INPUT = Component(
    kind="input",
    name="set",
    doc="Several tokens in a value, each there or not, such as the tags of an article.",
    build=InputSet,
    preprocessing=InputSetPreprocessing,
    preprocessing_rules=BAG.preprocessing_rules,
    facts={"default_encoder": "embed"},
)
