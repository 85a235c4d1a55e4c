"""Tables made from a seed: numbers, categories and a binary target that depends on both; texts with a target."""

from __future__ import annotations

import numpy as np
import polars as pl


def table(rows: int, *, numbers: int, categories: int, seed: int = 0, missing: float = 0.0) -> pl.DataFrame:
    """Return ``number_i``, ``category_i`` and ``target`` ("yes" or "no"); a share ``missing`` of all inputs is null."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, numbers)) * random.uniform(0.5, 50, numbers) + random.normal(size=numbers) * 10
    score = (values - values.mean(0)) @ random.normal(size=numbers) / values.std()
    columns: dict[str, pl.Series] = {}
    for index in range(numbers):
        columns[f"number_{index}"] = _with_gaps(pl.Series(values[:, index].round(4)), missing, random)
    for index in range(categories):
        labels = np.array([f"class {label:03d}" for label in range(60 + 5 * index)])
        chosen = random.zipf(1.4, rows) % len(labels)
        score = score + (chosen % 3 - 1) * 0.5
        columns[f"category_{index}"] = _with_gaps(pl.Series(labels[chosen]), missing, random)
    columns["target"] = pl.Series(np.where(score + random.normal(size=rows) > 0, "yes", "no"))
    return pl.DataFrame(columns)


def _with_gaps(column: pl.Series, share: float, random: np.random.Generator) -> pl.Series:
    if not share:
        return column
    return pl.select(pl.when(pl.Series(random.random(len(column)) >= share)).then(column)).to_series()


def texts(rows: int, *, words: int = 5000, seed: int = 0) -> pl.DataFrame:
    """Return ``text`` of 5 to 60 words, a few common and many rare, and ``target`` ("yes" or "no")."""
    random = np.random.default_rng(seed)
    vocabulary = np.array([f"w{word}" for word in range(words)])
    lengths = np.clip(random.lognormal(2.8, 0.5, rows), 5, 60).astype(int)
    tokens = random.zipf(1.3, int(lengths.sum())) % words
    parts = np.split(vocabulary[tokens], np.cumsum(lengths)[:-1])
    even = np.array([int(part.sum()) % 2 for part in np.split(tokens, np.cumsum(lengths)[:-1])])
    return pl.DataFrame({"text": [" ".join(part) for part in parts], "target": np.where(even, "yes", "no")})
