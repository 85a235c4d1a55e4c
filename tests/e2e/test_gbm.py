"""``model_type: gbm`` on real tables: as LightGBM by hand, the same trees after a kill, the same answers when saved."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.runs.folder import Run
from declml_schema.events import read_events

from .projects import Project, make_project, rows

lightgbm = pytest.importorskip("lightgbm", reason="the extra gbm is not installed")

TREES = """\
model_type: gbm
data: {source: rows.csv}
input_features:
  - {name: size, type: number}
  - {name: weight, type: number}
  - {name: colour, type: category}
  - {name: new, type: binary}
output_features:
  - {name: price, type: number}
trainer: {num_boost_round: 120, early_stop: -1, learning_rate: 0.1, num_leaves: 15}
"""
PENGUINS = """\
model_type: gbm
data: {source: rows.csv}
input_features:
  - {name: island, type: category}
  - {name: bill_length_mm, type: number}
  - {name: bill_depth_mm, type: number}
  - {name: flipper_length_mm, type: number}
  - {name: body_mass_g, type: number}
  - {name: sex, type: category}
output_features:
  - {name: species, type: category, preprocessing: {missing_value_strategy: drop_row}}
"""
TITANIC = """\
model_type: gbm
data: {source: rows.csv}
input_features:
  - {name: pclass, type: category}
  - {name: sex, type: category}
  - {name: age, type: number}
  - {name: sibsp, type: number}
  - {name: parch, type: number}
output_features:
  - {name: survived, type: binary, preprocessing: {fallback_true_label: survived}}
"""


def real(shared_data: Path, name: str, folder: Path, config: str) -> Project:
    project = make_project(folder, config, data=pl.DataFrame({"nothing": [0]}))
    shutil.copy(shared_data / name, project.data)
    return project


def trees_of(run: Run) -> str:
    return (run.path / "model" / "trees.txt").read_text()


def final(run: Run, output: str, metric: str, split: str = "test") -> float:
    return float(run.record["metrics"][split][output][metric])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Run]:
    project = make_project(tmp_path_factory.mktemp("whole"), TREES, data=rows(1500))
    return project, declml.train(project.config, runs=project.runs)


def test_penguins_are_told_apart(shared_data: Path, tmp_path: Path) -> None:
    project = real(shared_data, "penguins.csv", tmp_path, PENGUINS)
    run = declml.train(project.config, runs=project.runs)
    assert run.status == "finished"
    assert final(run, "species", "accuracy") > 0.95
    assert final(run, "species", "loss") == pytest.approx(final(run, "species", "log_loss"), rel=1e-3)


def by_hand(run: Run, table: pl.DataFrame, columns: list[str], target: np.ndarray, **parameters: Any) -> Any:
    """Return what LightGBM called by hand answers to the test rows, trained on the same rows for as many rounds."""
    kept = {
        split: pl.read_parquet(run.path / "predictions" / f"{split}.parquet")["row"].to_numpy()
        for split in ("training", "test")
    }
    matrix = np.column_stack(
        [
            table[name].to_numpy()
            if table[name].dtype.is_numeric()
            else table[name].rank("dense").fill_null(0).to_numpy()
            for name in columns
        ]
    ).astype(np.float64)
    categories = [place for place, name in enumerate(columns) if not table[name].dtype.is_numeric()]
    data = lightgbm.Dataset(matrix[kept["training"]], target[kept["training"]], categorical_feature=categories)
    own = {
        "verbosity": -1, "deterministic": True, "force_row_wise": True, "num_threads": 1, "bagging_fraction": 1.0,
        "feature_fraction": 1.0, **parameters,
    }  # fmt: skip
    booster = lightgbm.train(own, data, num_boost_round=80)
    return booster.predict(matrix[kept["test"]]), kept["test"]


SAME = (
    "trainer: {num_boost_round: 80, early_stop: -1, skip_all_evaluation: true, learning_rate: 0.1, num_leaves: 31,"
    " max_depth: -1, bagging_fraction: 1.0, bagging_freq: 0, feature_fraction: 1.0, lambda_l1: 0, lambda_l2: 0,"
    " min_gain_to_split: 0}\n"
    # LightGBM gives zero a bin of its own, and scaling moves the zero.
    "defaults: {number: {preprocessing: {normalization: null}}}\n"
)


def test_titanic_is_as_with_lightgbm_by_hand(shared_data: Path, tmp_path: Path) -> None:
    project = real(shared_data, "titanic.csv", tmp_path, TITANIC + SAME)
    run = declml.train(project.config, runs=project.runs)
    table = pl.read_csv(project.data)
    target = (table["survived"] == "survived").to_numpy().astype(float)
    told, test = by_hand(run, table, ["pclass", "sex", "age", "sibsp", "parch"], target, objective="binary")
    ours = pl.read_parquet(run.path / "predictions" / "test.parquet")["survived_probability_survived"].to_numpy()
    loss = -np.mean(np.where(target[test] == 1, np.log(told), np.log(1 - told)))
    assert final(run, "survived", "loss") == pytest.approx(loss, rel=1e-5)
    assert np.abs(ours - told).max() < 1e-5
    assert final(run, "survived", "roc_auc") > 0.8


def test_house_prices_are_as_with_lightgbm_by_hand(shared_data: Path, tmp_path: Path) -> None:
    table = pl.read_csv(shared_data / "ames.csv", infer_schema_length=None, null_values=["NA"])
    target = next(name for name in table.columns if name.lower().replace("_", "") == "saleprice")
    columns = [name for name in table.columns if table[name].dtype.is_numeric() and name != target][:20]
    features = "\n".join(f"  - {{name: {name!r}, type: number}}" for name in columns)
    config = (
        f"model_type: gbm\ndata: {{source: rows.csv}}\ninput_features:\n{features}\n"
        f"output_features:\n  - {{name: {target!r}, type: number}}\n{SAME}"
    )
    project = make_project(tmp_path, config, data=table)
    run = declml.train(project.config, runs=project.runs)
    told, test = by_hand(run, table, columns, table[target].to_numpy().astype(float), objective="regression")
    mean_error = np.abs(told - table[target].to_numpy()[test]).mean()
    assert final(run, target, "mean_absolute_error") == pytest.approx(mean_error, rel=1e-3)
    assert final(run, target, "r2") > 0.7


@pytest.mark.parametrize("filled", [False, True])
def test_missing_numbers_stay_missing_unless_the_config_fills_them(tmp_path: Path, filled: bool) -> None:
    table = rows(1200).with_columns(pl.when(pl.col("size") > 12).then(None).otherwise("size").alias("size"))
    number = "size, type: number, preprocessing: {missing_value_strategy: fill_with_mean}"
    config = TREES.replace("size, type: number", number) if filled else TREES
    project = make_project(tmp_path, config, data=table)
    run = declml.train(project.config, runs=project.runs)
    fill = json.loads((run.path / "model" / "model.json").read_text())["facts"]["size"]["fill"]
    new = rows(1, seed=4).drop("price")
    empty = declml.predict(run, new.with_columns(pl.lit(None, dtype=pl.Float64).alias("size")))["price_predictions"][0]
    mean = declml.predict(run, new.with_columns(pl.lit(fill).alias("size")))["price_predictions"][0]
    assert (empty == mean) == filled
    if not filled:
        assert empty > mean + 5  # what is missing was large, and only a tree that sees the gap can know


def test_the_same_plan_gives_the_same_trees_with_any_number_of_threads(
    whole: tuple[Project, Run], tmp_path: Path
) -> None:
    again = make_project(tmp_path, TREES.replace("trainer: {", "trainer: {threads: 2, "), data=rows(1500))
    assert declml.train(again.config, runs=again.runs).record["weights"] == whole[1].record["weights"]


ENDING = '''
"""A metric at whose call of a certain number the process sends itself a signal, where a file says so."""
import os
from pathlib import Path

from declml_schema.declare import Component

CALLS = []


def build():
    def metric(scores, targets):
        CALLS.append(1)
        end = Path("end.txt")  # in the config's folder, where a training is at work
        if end.exists():
            number, signal = map(int, end.read_text().split())
            if len(CALLS) == number:
                end.unlink()
                os.kill(os.getpid(), signal)
        return 0.0
    return metric


ENDING = Component("metric", "ending", "Nothing.", features=("number",), build=build, facts={"goal": "minimize"})
'''


@pytest.mark.parametrize(
    "more", ["", "boosting_type: dart, ", "data_sample_strategy: goss, ", "boosting_rounds_per_checkpoint: 7, "]
)
def test_a_run_killed_while_boosting_resumes_to_identical_trees(tmp_path: Path, more: str) -> None:
    config = TREES.replace("trainer: {", "trainer: {" + more).replace("early_stop: -1", "early_stop: 6")
    config = config.replace("num_boost_round: 120, ", "num_boost_round: 600, ").replace("rate: 0.1,", "rate: 0.02,")
    config += "code: ending.py\nevaluation: {metrics: [ending]}\n"
    undisturbed = make_project(tmp_path / "undisturbed", config, data=rows(1500))
    for folder in ("undisturbed", "killed"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "ending.py").write_text(ENDING)
    wanted = declml.train(undisturbed.config, runs=undisturbed.runs)
    project = make_project(tmp_path / "killed", config, data=rows(1500))
    end = project.folder / "end.txt"
    end.write_text(f"3 {int(signal.SIGINT)}")
    stopped = declml.train(project.config, runs=project.runs)
    assert stopped.status == "interrupted"
    assert (stopped.path / "checkpoints" / "latest.json").exists()
    end.write_text(f"15 {int(signal.SIGKILL)}")
    with pytest.raises(UserProblem, match="killed"):
        declml.train(project.config, runs=project.runs, resume="latest")
    assert not end.exists()
    ends = [event["reason"] for _, event in read_events(stopped.events) if event["kind"] == "training_finished"]
    assert ends == ["interrupted"]
    run = declml.train(project.config, runs=project.runs, resume="latest")
    assert run.status == "finished" and run.taint() == []
    assert trees_of(run) == trees_of(wanted)
    assert run.record["metrics"] == wanted.record["metrics"]
    assert points(run) == points(wanted)


def points(run: Run) -> dict[tuple[int, str], Any]:
    """Return what was measured at each round, by round and split; a resumed run counts from where it went on."""
    found: dict[tuple[int, str], Any] = {}
    for _, event in read_events(run.events):
        if event["kind"] == "metrics":
            found[event["step"], event["split"]] = (event["values"], event["best"])
    return found


def test_the_rounds_are_told_as_they_pass(whole: tuple[Project, Run]) -> None:
    events = [event for _, event in read_events(whole[1].events)]
    started = next(event for event in events if event["kind"] == "training_started")
    assert started["total_steps"] == 120 and started["optimizer"] == "lightgbm gbdt"
    told = [event["step"] for event in events if event["kind"] == "metrics" and event["split"] == "validation"]
    assert told == list(range(10, 121, 10))
    assert [event["kind"] for event in events][-1] == "run_finished"
    assert "round 120" in str(events[-1]["message"])


def test_the_saved_trees_answer_as_in_training_and_row_by_row(whole: tuple[Project, Run]) -> None:
    project, run = whole
    predicted = declml.predict(run, project.data)
    for split in ("training", "test"):
        kept = pl.read_parquet(run.path / "predictions" / f"{split}.parquet")
        assert (predicted[kept["row"]]["price_predictions"] - kept["price_predictions"]).abs().max() == 0
    new = rows(5, seed=9).drop("price").with_columns(pl.lit("purple").alias("colour"))
    together = declml.predict(run, new)["price_predictions"]
    assert [declml.predict(run, new[row : row + 1])["price_predictions"][0] for row in range(5)] == together.to_list()
    evaluated = declml.evaluate(run, project.data)
    assert evaluated.values["price"]["r2"] > 0.9


def test_a_gbm_run_is_compared_and_reproduced_like_any_other(whole: tuple[Project, Run]) -> None:
    project, run = whole
    again = declml.train(project.config, runs=project.runs)
    assert again.id == run.id  # nothing changed, so nothing is done
    answer = declml.reproduce(run, runs=project.runs)
    assert answer.identical


def test_a_machine_without_lightgbm_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "absent" / "lightgbm").mkdir(parents=True)
    (tmp_path / "absent" / "lightgbm" / "__init__.py").write_text("raise ImportError('no lightgbm here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "absent"))
    project = make_project(tmp_path / "project", TREES)
    with pytest.raises(ConfigProblems, match="must have the package lightgbm") as caught:
        declml.train(project.config, runs=project.runs)
    assert "declml[gbm]" in caught.value.problems[0].hint
