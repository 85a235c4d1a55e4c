"""A table larger than the memory that the config gives it trains, resumes nothing less, and is evaluated whole."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import declml

from .projects import make_project, rows

CONFIG = """\
data: {source: rows.csv, memory_limit: 1}
input_features:
  - {name: size, type: number}
  - {name: colour, type: category}
  - {name: note, type: text, encoder: {type: embed, embedding_size: 4}}
output_features:
  - {name: sold, type: binary}
evaluation: {slices: [{column: new}, {where: weight > 0}]}
trainer: {epochs: 2, batch_size: 128, learning_rate: 0.01, early_stop: -1, threads: 1}
"""

pytestmark = pytest.mark.slow


def test_a_table_larger_than_its_limit_trains_and_is_evaluated_whole(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG, data=rows(30_000))
    run = declml.train(project.config, runs=project.runs)
    assert run.status == "finished" and sum(run.record["rows"].values()) == 30_000
    assert list((tmp_path / ".declml" / "cache" / "table").rglob("part-00001.arrow"))
    predicted = pl.read_parquet(run.path / "predictions" / "test.parquet")
    assert predicted.height == run.record["rows"]["test"]
    whole = rows(30_000)
    assert predicted["sold"].to_list() == whole["sold"].gather(predicted["row"]).to_list()
    test = run.metrics["test"]["sold"]
    assert test["accuracy"] > 0.8
    again = declml.train(project.config, runs=project.runs, again=True)
    assert again.record["weights"] == run.record["weights"]
