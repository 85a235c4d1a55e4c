"""`declml predict` on more rows than a piece: answers as in memory, and no half file when it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from tests.waiting import until

import declml
from declml import api
from declml.run.new_rows import PIECE_ROWS

from .projects import Project, make_project, rows

NETWORK = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number, preprocessing: {missing_value_strategy: ffill}}
  - {name: colour, type: category}
  - {name: note, type: text, encoder: {type: embed, embedding_size: 4}}
output_features:
  - {name: kind, type: category, decoder: {type: mlp_classifier, mc_dropout_samples: 2, dropout: 0.2}}
  - {name: price, type: number}
trainer: {epochs: 1, batch_size: 64, learning_rate: 0.01, threads: 1}
"""
TREES = """\
model_type: gbm
data: {source: rows.csv}
input_features:
  - {name: size, type: number}
  - {name: colour, type: category}
output_features:
  - {name: kind, type: category}
trainer: {num_boost_round: 5}
"""
MODELS = {"ecd": NETWORK, "gbm": TREES}


def trained(tmp_path: Path, kind: str) -> Project:
    if kind == "gbm":
        pytest.importorskip("lightgbm", reason="the extra gbm is not installed")
    project = make_project(tmp_path, MODELS[kind], data=rows(300))
    assert declml.train(project.config, runs=project.runs).status == "finished"
    return project


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_files_in_pieces_are_answered_as_a_table_in_memory(tmp_path: Path, kind: str) -> None:
    project = trained(tmp_path, kind)
    new = rows(2 * PIECE_ROWS + 50, seed=1).drop("sold", "price", "kind")
    new = new.with_columns(pl.when(pl.int_range(new.height) % 5 == 0).then(None).otherwise("size").alias("size"))
    cut = PIECE_ROWS + 700
    new.head(cut).write_csv(tmp_path / "new-0.csv")
    new.slice(cut).write_csv(tmp_path / "new-1.csv")
    told = api.write_predictions(
        "latest", str(tmp_path / "new-*.csv"), output=tmp_path / "answers.parquet", runs=project.runs
    )
    answers = pl.read_parquet(tmp_path / "answers.parquet")
    assert (told.rows, told.columns) == (new.height, tuple(answers.columns))
    assert declml.predict("latest", new, runs=project.runs).equals(answers)


def test_a_stopped_prediction_leaves_no_half_file(tmp_path: Path) -> None:
    project = trained(tmp_path, "ecd")
    rows(20 * PIECE_ROWS, seed=1).write_parquet(tmp_path / "new.parquet")
    target = tmp_path / "answers"
    target.mkdir()
    command = [sys.executable, "-m", "declml", "predict", "latest", "--data", str(tmp_path / "new.parquet")]
    process = subprocess.Popen(
        [*command, "--output", str(target / "answers.csv"), "--runs", str(project.runs)],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    until(lambda: any(target.iterdir()) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0].decode()
    assert process.returncode not in {None, 0}, said
    assert "Traceback" not in said
    assert not list(target.iterdir())
