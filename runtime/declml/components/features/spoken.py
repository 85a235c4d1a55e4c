"""What sequence and text outputs have in common: the symbol of an end, and answers as columns and as scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from declml.contracts import Encoded
from declml.token_rows import Said, TokenRows


def with_stop(encoded: Encoded, stop: int | None) -> Encoded:
    """Return the rows of tokens with ``stop`` after the last of each; None adds nothing."""
    if stop is None:
        return encoded
    assert encoded.offsets is not None
    rows = np.arange(len(encoded.offsets) - 1)
    lengths = np.diff(encoded.offsets)
    values = np.full(len(encoded.values) + len(rows), stop, dtype=np.int32)
    values[np.arange(len(encoded.values)) + np.repeat(rows, lengths)] = encoded.values
    return replace(encoded, values=values, offsets=encoded.offsets + np.arange(len(encoded.offsets)))


def token_lists(tokens: TokenRows, vocabulary: list[str]) -> pl.Series:
    """Return the tokens of each row as text, ``(row,)`` lists."""
    words = pl.Series(vocabulary, dtype=pl.String).gather(tokens.values.astype(np.int64))
    return listed(words, tokens)


def listed(values: pl.Series, tokens: TokenRows) -> pl.Series:
    """Return one value for each token as a list for each row."""
    owners = np.repeat(np.arange(len(tokens)), tokens.lengths)
    lists = pl.DataFrame({"row": owners, "value": values}).group_by("row", maintain_order=True).agg("value")
    every = pl.DataFrame({"row": np.arange(len(tokens))})
    joined = every.join(lists, on="row", how="left", maintain_order="left")["value"]
    return joined.fill_null(pl.lit([], dtype=pl.List(values.dtype)))


def spoken_columns(said: Said, predictions: pl.Series) -> dict[str, pl.Series]:
    """Return ``predictions``, the ``probability`` of each as a whole, and ``probabilities``, those of its tokens."""
    return {
        "predictions": predictions.alias("predictions"),
        "probability": pl.Series("probability", np.exp(said.totals.astype(np.float64))),
        "probabilities": listed(pl.Series(said.chances.astype(np.float64)), said.tokens).alias("probabilities"),
    }
