"""`declml predict` and `declml evaluate` on more rows than a piece: as in memory, and no half file when stopped."""

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
from declml.errors import ConfigProblems
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
TAGGER = """\
data: {source: rows.csv}
input_features:
  - {name: words, type: text, preprocessing: {tokenizer: space}, encoder: {type: embed, embedding_size: 4,
     reduce_output: null}}
output_features:
  - {name: tags, type: sequence, decoder: {type: tagger}}
trainer: {epochs: 1, batch_size: 64, threads: 1}
"""
MODELS = {"ecd": NETWORK, "gbm": TREES}


def trained(tmp_path: Path, kind: str, more: str = "") -> Project:
    if kind == "gbm":
        pytest.importorskip("lightgbm", reason="the extra gbm is not installed")
    project = make_project(tmp_path, MODELS[kind] + more, data=rows(300))
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


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_files_in_pieces_are_evaluated_as_all_their_answers_together(tmp_path: Path, kind: str) -> None:
    slices = 'evaluation: {slices: [{where: "size > AVG(size)", name: big}, {column: colour}]}\n'
    project = trained(tmp_path, kind, slices)
    new = rows(2 * PIECE_ROWS + 50, seed=1).with_row_index()
    # A class that the model never saw, in the first piece and in the last one.
    seen = ~new["index"].is_in([3, new.height - 1])
    new = new.with_columns(pl.when(seen).then("kind").otherwise(pl.lit("unseen")).alias("kind")).drop("index")
    cut = PIECE_ROWS + 700
    new.head(cut).write_csv(tmp_path / "new-0.csv")
    new.slice(cut).write_csv(tmp_path / "new-1.csv")
    told = declml.evaluate("latest", str(tmp_path / "new-*.csv"), runs=project.runs)
    assert (told.rows, told.dropped) == (new.height - 2, 2)
    answers, kept = declml.predict("latest", new, runs=project.runs).filter(seen), new.filter(seen)
    hits = (answers["kind_predictions"] == kept["kind"]).mean()
    assert told.values["kind"]["accuracy"] == pytest.approx(hits, abs=1e-12)
    sizes = {each["name"]: each["rows"] for each in told.slices}
    big = kept["size"] > kept["size"].mean()
    assert sizes["big"] == big.sum()
    assert sizes["colour=blue"] == (kept["colour"] == "blue").sum()
    assert sum(map(sum, told.confusion["kind"]["counts"])) == told.rows
    assert declml.evaluate("latest", new, runs=project.runs) == told


def test_a_tagger_without_labels_for_most_tokens_of_all_pieces_is_refused(tmp_path: Path) -> None:
    data = pl.DataFrame({"words": ["a b", "b", "b a b"] * 40, "tags": ["X Y", "Y", "Y X Y"] * 40})
    project = make_project(tmp_path, TAGGER, data=data)
    declml.train(project.config, runs=project.runs)
    right = data.head(3).select(pl.all().repeat_by(PIECE_ROWS // 3).explode())
    wrong = right.with_columns(tags=pl.lit("X"))
    # The second piece is nearly all wrong, and the table is not.
    table = pl.concat([right, right, wrong.filter(pl.col("words") != "b")])
    told = declml.evaluate("latest", table, runs=project.runs)
    assert (told.rows, told.dropped) == (2 * right.height, table.height - 2 * right.height)
    many = pl.concat([wrong, wrong])
    count = many.filter(pl.col("words") != "b").height
    with pytest.raises(ConfigProblems, match=f"of 'words'; {count:,} of {many.height:,} rows have not"):
        declml.evaluate("latest", many, runs=project.runs)


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
