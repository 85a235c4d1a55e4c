"""A config is trained in a process of its own, on real files, and everything that a run promises is there."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import declml
from declml.kernels.warm import WarmParent
from declml.runs.folder import Run, open_run
from declml_schema.events import KINDS, read_events

from .projects import CONFIG, SMALL_CONFIG, Project, make_project, rows
from .warm import cold


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def run(project: Project) -> Run:
    with cold():
        return declml.train(project.config, runs=project.runs)


def test_a_run_learns_every_output(run: Run) -> None:
    values = run.metrics["test"]
    assert run.status == "finished"
    assert values["price"]["r2"] > 0.8
    assert values["kind"]["accuracy"] > 0.7
    assert values["sold"]["roc_auc"] > 0.9


def test_a_run_folder_holds_what_the_architecture_promises(run: Run) -> None:
    there = {str(each.relative_to(run.path)) for each in run.path.rglob("*") if each.is_file()}
    assert {
        "config.yaml", "plan.json", "record.json", "events.jsonl", "request.json",
        "model/weights.safetensors", "model/model.json",
        "checkpoints/latest.safetensors",
        "predictions/training.parquet", "predictions/validation.parquet", "predictions/test.parquet",
    } <= there  # fmt: skip
    assert any(name.startswith("tensorboard/events.out.tfevents") for name in there)
    record = run.record
    for key in (
        "identity",
        "environment",
        "hardware",
        "data",
        "rows",
        "seed",
        "threads",
        "device",
        "weights",
        "outputs",
    ):
        assert record[key], key
    assert record["environment"]["packages"]["torch"].startswith("2.")
    assert run.taint() == []


def test_the_event_stream_is_numbered_without_a_gap_and_of_known_kinds(run: Run) -> None:
    events = [event for _, event in read_events(run.events)]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert {event["kind"] for event in events} <= set(KINDS)
    assert events[0]["kind"] == "run_started"
    assert events[-1]["kind"] == "run_finished"
    stages = [event["stage"] for event in events if event["kind"] == "stage_finished"]
    assert stages == ["source", "table", "split", "fit", "dataset", "model", "training", "evaluation"]


def test_the_same_again_trains_nothing(run: Run, project: Project) -> None:
    again = declml.train(project.config, runs=project.runs)
    assert again.reused
    assert again.id == run.id


def test_serving_uses_the_transform_of_training(run: Run, project: Project) -> None:
    predicted = declml.predict(run, project.data)
    for split in ("training", "test"):
        kept = pl.read_parquet(run.path / "predictions" / f"{split}.parquet")
        answers = predicted[kept["row"]]
        for column in answers.columns:
            if answers[column].dtype.is_float():
                assert (answers[column] - kept[column]).abs().max() < 1e-5, column
            else:
                assert answers[column].equals(kept[column]), column


def test_evaluating_the_training_data_again_gives_the_recorded_metrics(run: Run, project: Project) -> None:
    kept = pl.read_parquet(run.path / "predictions" / "test.parquet")
    evaluation = declml.evaluate(run, pl.read_csv(project.data)[kept["row"]])
    assert evaluation.rows == kept.height
    for output, values in run.metrics["test"].items():
        for metric, value in values.items():
            assert evaluation.values[output][metric] == pytest.approx(value, rel=1e-5), (output, metric)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_predictions_are_written_in_the_format_of_the_file_name(run: Run, tmp_path: Path, suffix: str) -> None:
    unlabelled = rows(5, seed=3).drop("price", "kind", "sold")
    path = tmp_path / f"out.{suffix}"
    frame = declml.predict(run, unlabelled, output=path)
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}[suffix](path)
    assert read.columns == frame.columns
    assert read.height == 5
    assert {"price_predictions", "kind_predictions", "kind_probability_large", "sold_probability"} <= set(read.columns)


def test_predictions_are_the_same_for_every_kind_of_table(run: Run, project: Project) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table = rows(20, seed=5)
    expected = declml.predict(run, table)
    assert declml.predict(run, table.to_pandas()).equals(expected)
    assert declml.predict(run, table.to_arrow()).equals(expected)
    assert declml.predict(run, table.to_dict(as_series=False)).equals(expected)
    # Another number of rows may round another way in the last bit.
    assert_frame_equal(declml.predict(run, table[:1]), expected[:1], abs_tol=1e-5)


@pytest.mark.parametrize("way", ["anew", "forked"])
def test_reproduce_retrains_to_identical_weights(run: Run, tmp_path: Path, warm_parent: WarmParent, way: str) -> None:
    # Apart from the other tests' runs: it adds one.
    run = open_run(shutil.copytree(run.path, tmp_path / "runs" / run.experiment / run.path.name))
    parents: list[int] = []

    def listen(event: dict[str, object]) -> None:
        if event["kind"] == "run_started":
            parents.append(parent_of(int(str(event["process"]))))

    with cold() if way == "anew" else nullcontext():
        again = declml.reproduce(run, on_event=listen)
    assert parents == [os.getpid() if way == "anew" else warm_parent.pid]
    assert again.identical, again.weights
    assert again.run.record["parent"] == run.id


def parent_of(process: int) -> int:
    # The name in brackets may hold spaces; after it come the state and the parent.
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_touched_run_is_tainted(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    run = declml.train(project.config, runs=project.runs)
    (run.path / "config.yaml").write_text(SMALL_CONFIG + "# touched\n")
    assert run.taint() == ["config.yaml"]
    assert not declml.train(project.config, runs=project.runs).reused


def test_a_new_feature_refits_that_feature_alone(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    declml.train(project.config, runs=project.runs)
    more = SMALL_CONFIG.replace(
        "  - {name: colour, type: category}\n", "  - {name: colour, type: category}\n  - {name: weight, type: number}\n"
    )
    project.config.write_text(more)
    run = declml.train(project.config, runs=project.runs)
    stages = {event["stage"]: event for _, event in read_events(run.events) if event["kind"] == "stage_finished"}
    assert stages["table"]["cached"]
    assert stages["split"]["cached"]
    assert stages["fit"]["facts"]["fitted"] == ["weight"]


def test_plan_tells_stages_with_reasons_and_writes_nothing(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    declml.train(project.config, runs=project.runs)
    before = {
        each: each.stat().st_mtime_ns
        for each in project.folder.rglob("*")
        if each.is_file() and "sqlite" not in each.name
    }
    report = declml.plan(
        project.config, runs=project.runs, overrides={"preprocessing.split.probabilities": [0.6, 0.2, 0.2]}
    ).as_json()
    after = {
        each: each.stat().st_mtime_ns
        for each in project.folder.rglob("*")
        if each.is_file() and "sqlite" not in each.name
    }
    assert after == before
    stages = {each["stage"]: each for each in report["stages"]}
    assert stages["table"]["action"] == "cached"
    assert stages["split"]["action"] == "run"
    assert "probabilities [0.7, 0.1, 0.2] -> [0.6, 0.2, 0.2]" in stages["split"]["reason"]
    assert report["model"]["trainable_parameters"] > 0
    assert sum(report["rows"].values()) == 400
    assert declml.plan(project.config, runs=project.runs).as_json()["identical_to"]


def test_tables_in_memory_train_like_files(tmp_path: Path) -> None:
    make_project(tmp_path)
    config = SMALL_CONFIG.replace("data: {source: rows.csv}\n", "")
    (tmp_path / "inline.yaml").write_text(config)
    first = declml.train(tmp_path / "inline.yaml", dataset=rows(), runs=tmp_path / "runs")
    columns = {name: rows()[name].to_list() for name in rows().columns}
    second = declml.train(tmp_path / "inline.yaml", dataset=columns, runs=tmp_path / "runs")
    assert second.reused
    assert second.id == first.id


def test_a_config_may_be_a_dict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_project(tmp_path).folder)
    config = {
        "input_features": [{"name": "size", "type": "number"}],
        "output_features": [{"name": "price", "type": "number"}],
        "trainer": {"epochs": 2, "threads": 1},
    }
    run = declml.train(config, dataset="rows.csv", experiment="from dict")
    assert run.experiment == "from-dict"
    assert json.loads((run.path / "record.json").read_text())["metrics"]["test"]["price"]["r2"] > -5


def test_slices_are_evaluated_worst_first(tmp_path: Path) -> None:
    project = make_project(
        tmp_path, SMALL_CONFIG + "evaluation: {slices: [{column: colour}, {name: big, where: size > 12}]}\n"
    )
    run = declml.train(project.config, runs=project.runs)
    events = [
        event for _, event in read_events(run.events) if event["kind"] == "evaluation" and event["split"] == "test"
    ]
    slices = events[0]["slices"]
    assert {each["name"] for each in slices} == {"colour=red", "colour=green", "colour=blue", "big"}
    scores = [float(each["values"]["sold"]["roc_auc"]) for each in slices]
    assert scores == sorted(scores)


def test_every_parameter_of_the_full_config_is_in_the_plan(project: Project) -> None:
    plan = declml.check(CONFIG).plan
    assert plan is not None
    assert plan.trainer["optimizer"]["type"] == "adamw"
    assert plan.outputs[2].parameters["threshold"] == 0.5


def test_a_warning_of_the_checker_is_told_while_training(tmp_path: Path) -> None:
    project = make_project(
        tmp_path,
        SMALL_CONFIG.replace(
            "{name: colour, type: category}",
            "{name: colour, type: category, preprocessing: {missing_value_strategy: drop_row, fill_value: none}}",
        ),
    )
    told: list[str] = []
    declml.train(
        project.config,
        runs=project.runs,
        on_event=lambda event: told.append(event["problem"]["code"]) if event["kind"] == "problem" else None,
    )
    assert "ignored-parameter" in told
