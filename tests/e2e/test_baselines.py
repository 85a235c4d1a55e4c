"""A linear and a tree baseline beside an evaluation: trained once on the same rows, or told why there is none."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import declml
from declml import api
from declml.cli.main import cli
from declml.errors import UserProblem

from .projects import Project, make_project, rows

pytest.importorskip("lightgbm", reason="the extra gbm is not installed")

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number}
  - {name: weight, type: number}
  - {name: colour, type: category}
  - {name: note, type: text, encoder: {type: embed, embedding_size: 4}}
output_features:
  - {name: price, type: number}
  - {name: kind, type: category}
  - {name: said, type: text, column: note, decoder: {type: generator}}
evaluation: {metrics: {price: [r2], kind: [accuracy, matthews_corrcoef], said: [token_accuracy]}}
trainer: {epochs: 1, batch_size: 64, learning_rate: 0.001, threads: 1}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_project(tmp_path_factory.mktemp("shop"), CONFIG, data=rows(600))
    assert declml.train(made.config, runs=made.runs).status == "finished"
    return made


def test_they_learn_what_the_run_learned_from_and_only_once(project: Project) -> None:
    new = rows(300, seed=5)
    told: list[str] = []
    linear, tree = api.baselines("latest", new, runs=project.runs, on_notice=told.append)
    assert [linear.kind, tree.kind] == ["linear", "tree"] and len(told) == 4
    assert linear.values["price"]["r2"] > 0.9 and linear.values["kind"]["accuracy"] > 0.85
    assert tree.values["price"]["r2"] > 0.8 and tree.values["kind"]["matthews_corrcoef"] > 0.3
    assert linear.left_out == {"said": "no linear baseline for a text output"}
    assert tree.left_out == {"said": "no tree baseline for a text output"}
    assert (linear.without, tree.without) == ([], ["note"])
    kept = sorted((project.runs / "shop").glob("*/baselines/*/*/record.json"))
    assert len(kept) == 4
    asked_again = api.baselines("latest", new, runs=project.runs)
    assert [each.left_out for each in asked_again] == [linear.left_out, tree.left_out]
    assert [each.values for each in asked_again] == [linear.values, tree.values]
    assert sorted((project.runs / "shop").glob("*/baselines/*/*/record.json")) == kept
    of_run = next((project.runs / "shop").glob("*/record.json"))
    for each in kept:
        assert json.loads(each.read_text())["rows"] == json.loads(of_run.read_text())["rows"]


def test_they_stand_beside_the_run_on_the_screen_and_in_json(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows(300, seed=5).write_csv(tmp_path / "new.csv")
    command = ["evaluate", "latest", "--data", "new.csv", "--runs", str(project.runs), "--baselines"]
    shown = CliRunner().invoke(cli, command)
    assert shown.exit_code == 0, shown.output
    header = next(line for line in shown.output.splitlines() if line.startswith("output"))
    assert header.split() == ["output", "metric", "this", "run", "linear", "tree"]
    assert "said: no tree baseline for a text output" in shown.output
    assert "tree: without note" in shown.output
    as_json = CliRunner().invoke(cli, [*command, "--json"])
    told = json.loads(as_json.stdout)["baselines"]
    assert told["tree"]["without"] == ["note"] and told["linear"]["values"]["price"]["r2"] > 0.9


def test_data_that_changed_are_refused(tmp_path: Path) -> None:
    config = CONFIG.replace("  - {name: said, type: text, column: note, decoder: {type: generator}}\n", "")
    made = make_project(tmp_path, config.replace(", said: [token_accuracy]", ""), data=rows(200))
    assert declml.train(made.config, runs=made.runs).status == "finished"
    rows(200, seed=9).write_csv(tmp_path / "rows.csv")
    with pytest.raises(UserProblem, match="must be unchanged, to train its baselines"):
        api.baselines("latest", pl.read_csv(tmp_path / "rows.csv"), runs=made.runs)
    (tmp_path / "rows.csv").unlink()
    with pytest.raises(UserProblem, match="must be where they were, to train its baselines"):
        api.baselines("latest", rows(20), runs=made.runs)
