"""Many labels and few rows each: the statistics of the targets carry over to new rows, without the targets there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import declml
from declml.runs.folder import Run

from .projects import Project, make_project

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: city, type: category, encoder: {type: target}}
  - {name: size, type: number}
output_features:
  - {name: price, type: number}
  - {name: kind, type: category}
combiner: {type: concat, num_fc_layers: 1, output_size: 16}
trainer: {epochs: 12, batch_size: 64, learning_rate: 0.01, early_stop: -1, threads: 1}
"""

EFFECTS = np.random.default_rng(0).normal(size=400)


def cities(count: int, *, seed: int) -> pl.DataFrame:
    """Return rows whose price depends on the city, of which there are 400, each with few rows."""
    chance = np.random.default_rng(seed)
    city, size = chance.integers(400, size=count), chance.normal(size=count)
    price = 2 * EFFECTS[city] + size + chance.normal(size=count) * 0.3
    kind = np.where(price > 1, "dear", np.where(price < -1, "cheap", "fair"))
    absent = chance.random(count) < 0.02
    names = pl.Series([f"city {each}" for each in city])
    return pl.DataFrame({"city": names, "size": size, "price": price, "kind": kind}).with_columns(
        pl.when(pl.Series(absent)).then(None).otherwise("city").alias("city")
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("cities"), CONFIG, data=cities(3000, seed=1))


@pytest.fixture(scope="module")
def run(project: Project) -> Run:
    return declml.train(project.config, runs=project.runs)


def explained(answers: pl.DataFrame, rows: pl.DataFrame) -> float:
    target = rows["price"].to_numpy()
    rest = np.square(answers["price_predictions"].to_numpy() - target).sum()
    return float(1 - rest / np.square(target - target.mean()).sum())


def test_the_statistics_explain_new_rows_that_have_no_targets(run: Run) -> None:
    new = cities(500, seed=2)
    answers = declml.predict(run, new.drop("price", "kind"))
    assert explained(answers, new) > 0.75
    assert (answers["kind_predictions"] == new["kind"]).mean() > 0.6


def test_a_city_that_training_never_saw_is_predicted_from_the_rest(run: Run) -> None:
    rows = pl.DataFrame({"city": ["Atlantis", None, "city 3"], "size": [0.0, 0.0, 0.0]})
    prices = declml.predict(run, rows)["price_predictions"]
    assert abs(prices[0]) < 1.0
    assert prices.is_finite().all()


def test_another_target_makes_other_statistics(run: Run, project: Project, tmp_path: Path) -> None:
    data = cities(3000, seed=1).with_columns(-pl.col("price"))
    other = make_project(tmp_path, CONFIG, data=data)
    again = declml.train(other.config, runs=other.runs)
    rows = pl.DataFrame({"city": ["city 3"] * 2, "size": [0.0, 1.0]})
    assert declml.predict(again, rows)["price_predictions"][0] == pytest.approx(
        -declml.predict(run, rows)["price_predictions"][0], abs=0.5
    )
