"""Dates, H3 cells, sets, bags, vectors, sequences: each says what the target is, and a run without it does not know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import declml
from declml.runs.folder import Run

from .projects import Project, make_project

WORDS = np.array(["tea", "milk", "rye", "salt", "oil", "figs"])
CONFIG = """\
data: {{source: rows.parquet}}
input_features:
  - {{name: noise, type: number}}
{feature}
output_features:
  - {{name: price, type: number}}
trainer: {{epochs: 15, batch_size: 32, learning_rate: 0.01, early_stop: -1, threads: 1}}
"""
FEATURES = {
    "date": "{name: when, type: date}",
    "date-wave": "{name: when, type: date, encoder: {type: wave}}",
    "h3": "{name: place, type: h3}",
    "h3-weighted_sum": "{name: place, type: h3, encoder: {type: weighted_sum}}",
    "h3-rnn": "{name: place, type: h3, encoder: {type: rnn, cell_type: gru}}",
    "set": "{name: goods, type: set}",
    "bag": "{name: listed, type: bag}",
    "vector": "{name: curve, type: vector, encoder: {output_size: 16}}",
    "text-tf_idf": "{name: goods, type: text, encoder: {type: tf_idf}}",
    "text-ngram_bag": "{name: goods, type: text, encoder: {type: ngram_bag, embedding_size: 8, longest_run: 2}}",
    "sequence-combiner": "{name: steps, type: sequence, encoder: {embedding_size: 8, reduce_output: null}}\n"
    "combiner: {type: sequence, encoder: {type: rnn, cell_type: gru, embedding_size: 8, state_size: 8}}",
    "sequence": "{name: steps, type: sequence, encoder: {type: rnn, cell_type: gru, embedding_size: 8, state_size: 8}}",
}


def rows(count: int, *, seed: int) -> pl.DataFrame:
    """Return rows whose targets come from one column each; a fortieth of that column is missing."""
    random = np.random.default_rng(seed)
    start = np.datetime64("2020-01-01", "us")
    when = pl.Series(start + random.integers(0, 2 * 365 * 24, count).astype("timedelta64[h]").astype("timedelta64[us]"))
    baskets = [list(random.choice(WORDS, random.integers(1, 6))) for _ in range(count)]
    curve = random.normal(size=(count, 4))
    steps = ["".join(random.permutation(list("abc"))) for _ in range(count)]
    digits = random.integers(0, 7, (count, 4))
    cells = [0x841FFFFFFFFFFFF | 20 << 45 for _ in digits]
    for place in range(4):
        cells = [
            cell & ~(7 << 42 - 3 * place) | int(each) << 42 - 3 * place
            for cell, each in zip(cells, digits[:, place], strict=True)
        ]
    absent = random.random(count) < 0.025
    columns = {
        "noise": random.normal(size=count),
        "when": when.dt.to_string("%d/%m/%Y %H:%M"),
        "place": [f"{cell:x}" for cell in cells],
        "goods": [" ".join(each) for each in baskets],
        "listed": baskets,
        "curve": curve.tolist(),
        "steps": [" ".join(each) for each in steps],
        "date": np.cos(when.dt.ordinal_day().to_numpy() / 366 * 2 * np.pi) + (when.dt.weekday().to_numpy() > 5),
        "h3": 1.0 * (digits[:, 0] > 3) + (digits[:, 1] == 2),
        "set": np.array([("tea" in each) - 2.0 * ("oil" in each) for each in baskets]),
        "text": np.array([("tea" in each) - 2.0 * ("oil" in each) for each in baskets]),
        "bag": np.array([each.count("tea") - 2.0 * each.count("oil") for each in baskets]),
        "vector": curve[:, 0] - curve[:, 3],
        "sequence": np.array([2.0 * (each.index("a") < each.index("b")) for each in steps]),
    }
    frame = pl.DataFrame(columns)
    gone = pl.Series(absent)
    return frame.with_columns(
        pl.when(gone).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("when", "place", "goods", "listed", "curve")
    )


def project_of(folder: Path, kind: str, feature: str | None) -> Project:
    data = rows(700, seed=1).with_columns(price=pl.col(kind.partition("-")[0]))
    config = CONFIG.format(feature=f"  - {feature}" if feature else "")
    project = make_project(folder, config, data=data.head(1).select("noise", "price"))
    data.write_parquet(folder / "rows.parquet")
    return project


def explained(run: Run, kind: str) -> float:
    new = rows(300, seed=2)
    answers = declml.predict(run, new)["price_predictions"].to_numpy()
    target = new[kind.partition("-")[0]].to_numpy()
    return float(1 - np.square(answers - target).sum() / np.square(target - target.mean()).sum())


@pytest.mark.parametrize("kind", list(FEATURES))
def test_a_feature_explains_new_rows_that_a_run_without_it_does_not(kind: str, tmp_path: Path) -> None:
    project = project_of(tmp_path, kind, FEATURES[kind])
    assert explained(declml.train(project.config, runs=project.runs), kind) > 0.6
    without = project_of(tmp_path / "without", kind, None)
    assert explained(declml.train(without.config, runs=without.runs), kind) < 0.2
