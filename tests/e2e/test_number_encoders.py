"""Numbers that rise and fall: bends learn what a straight line cannot, and a saved model answers as in training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import declml
from declml.runs.folder import Run
from declml.training.tensor_file import read_tensors

from .projects import Project, make_project

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number, encoder: {type: piecewise_linear, num_bins: 16}}
  - {name: age, type: number, encoder: {type: piecewise_linear, num_bins: 16}, preprocessing: {normalization: quantile}}
  - {name: hour, type: number, encoder: {type: periodic_linear}, preprocessing: {normalization: robust}}
output_features:
  - {name: price, type: number}
combiner: {type: concat}
trainer: {epochs: 15, batch_size: 32, learning_rate: 0.01, early_stop: -1, threads: 1}
"""


def waves(count: int, *, seed: int) -> pl.DataFrame:
    """Return rows whose target rises and falls with each input; a tenth of the sizes are missing, which costs 3."""
    random = np.random.default_rng(seed)
    size, hour, age = random.normal(size=count), random.uniform(0, 24, count), random.exponential(size=count)
    absent = random.random(count) < 0.1
    price = np.where(absent, -3, np.abs(size)) + np.sin(hour / 4) + (np.abs(age - 1) < 0.5) * 2
    frame = pl.DataFrame({"size": size, "age": age, "hour": hour, "price": price})
    return frame.with_columns(pl.when(pl.Series(absent)).then(None).otherwise("size").alias("size"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("waves"), CONFIG, data=waves(1200, seed=1))


@pytest.fixture(scope="module")
def run(project: Project) -> Run:
    return declml.train(project.config, runs=project.runs)


def explained(run: Run, rows: pl.DataFrame) -> float:
    answers = declml.predict(run, rows)["price_predictions"].to_numpy()
    target = rows["price"].to_numpy()
    return float(1 - np.square(answers - target).sum() / np.square(target - target.mean()).sum())


def test_bends_explain_new_rows_that_a_straight_line_does_not(run: Run, tmp_path: Path) -> None:
    straight = CONFIG.replace("piecewise_linear, num_bins: 16", "passthrough").replace("periodic_linear", "passthrough")
    plain = make_project(tmp_path, straight, data=waves(1200, seed=1))
    new = waves(400, seed=2)
    assert explained(run, new) > 0.85
    assert explained(declml.train(plain.config, runs=plain.runs), new) < 0.3


def test_features_of_one_encoder_are_one_product(run: Run) -> None:
    shapes = {name: tuple(each.shape) for name, each in read_tensors(run.model / "weights.safetensors").tensors.items()}
    assert shapes["encoders.0.bins.weight"] == (2, 12, 16)
    assert shapes["encoders.1.frequencies"] == (1, 48)
    assert not any("starts" in name for name in shapes)


def test_the_saved_model_answers_as_the_one_in_training_did(run: Run, project: Project) -> None:
    predicted = declml.predict(run, project.data)
    for split in ("training", "test"):
        kept = pl.read_parquet(run.path / "predictions" / f"{split}.parquet")
        answers = predicted[kept["row"]]
        assert (answers["price_predictions"] - kept["price_predictions"]).abs().max() < 1e-5


def test_one_row_is_answered_as_among_many(run: Run) -> None:
    new = waves(8, seed=5).with_columns(pl.Series("size", [None, 1e6, -1e6, 0.0, float("nan"), 1.0, 2.0, 3.0]))
    together = declml.predict(run, new)["price_predictions"]
    assert together.is_finite().all()
    for row in range(8):
        alone = declml.predict(run, new[row : row + 1])["price_predictions"]
        assert alone[0] == pytest.approx(together[row], rel=1e-4)
