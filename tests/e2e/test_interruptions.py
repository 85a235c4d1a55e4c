"""Whatever stops a run, nothing is lost and the finished weights are those of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest

import declml
from declml.errors import UserProblem
from declml.kernels.local import Launched
from declml.run.execute import execute
from declml.run.folder import RunFolder
from declml.run.interrupts import Interrupts
from declml.run.ledger import Ledger
from declml.run.request import Request
from declml.runs.find import find
from declml_schema.events import read_events

from .projects import CONFIG, SMALL_CONFIG, Project, make_project, rows
from .warm import cold

LONG = CONFIG.replace("epochs: 4", "epochs: 12")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    project = make_project(tmp_path_factory.mktemp("undisturbed"), LONG)
    return project, declml.train(project.config, runs=project.runs).record["weights"]


def run_process(project: Project) -> int:
    record = next(project.runs.glob("*/*/record.json"))
    return int(find(project.runs, record.parent.name).record["process"])


@pytest.mark.parametrize("moment", ["checkpoint", 3, 7])
def test_a_run_killed_at_any_moment_resumes_to_identical_weights(
    undisturbed: tuple[Project, str], tmp_path: Path, moment: str | int
) -> None:
    project = make_project(tmp_path, LONG)
    seen = {"metrics": 0}

    def kill(event: dict[str, object]) -> None:
        seen["metrics"] += event["kind"] == "metrics" and event["split"] == "validation"
        if event["kind"] == moment or seen["metrics"] == moment:
            os.kill(run_process(project), signal.SIGKILL)

    # Once with processes that have nothing in common: forked ones hash strings alike, others do not.
    with cold() if moment == "checkpoint" else nullcontext():
        with pytest.raises(UserProblem, match="killed"):
            declml.train(project.config, runs=project.runs, on_event=kill)
        assert find(project.runs, "latest").status == "killed"
        run = declml.train(project.config, runs=project.runs, resume="latest")
    assert run.status == "finished"
    assert run.record["weights"] == undisturbed[1]
    assert run.taint() == []
    sequence = [event["seq"] for _, event in read_events(run.events)]
    assert sequence == list(range(len(sequence)))


def test_a_killed_run_goes_on_with_its_optimizer_schedule_and_plateau(tmp_path: Path) -> None:
    trainer = (
        "epochs: 6, early_stop: -1, optimizer: {type: nadam}, learning_rate_scheduler: {decay: one_cycle,"
        " reduce_on_plateau: 3, reduce_on_plateau_patience: 1, reduce_eval_metric: roc_auc,"
        " reduce_eval_split: validation}"
    )
    config = SMALL_CONFIG.replace("epochs: 3", trainer)
    whole = make_project(tmp_path / "whole", config)
    undisturbed = declml.train(whole.config, runs=whole.runs)
    project = make_project(tmp_path / "killed", config)
    seen = {"metrics": 0}

    def kill(event: dict[str, object]) -> None:
        seen["metrics"] += event["kind"] == "metrics" and event["split"] == "validation"
        if seen["metrics"] == 4:
            os.kill(run_process(project), signal.SIGKILL)

    with pytest.raises(UserProblem, match="killed"):
        declml.train(project.config, runs=project.runs, on_event=kill)
    run = declml.train(project.config, runs=project.runs, resume="latest")
    assert run.record["optimizer"] == "foreach nadam"
    assert run.record["weights"] == undisturbed.record["weights"]
    told = [str(event["message"]) for _, event in read_events(undisturbed.events) if event["kind"] == "log"]
    assert any("the learning rate is now" in each for each in told), told


def test_an_interrupt_leaves_a_checkpoint_and_the_run_resumes_to_identical_weights(
    undisturbed: tuple[Project, str], tmp_path: Path
) -> None:
    project = make_project(tmp_path, LONG)

    def press_control_c(event: dict[str, object]) -> None:
        if event["kind"] == "metrics" and event["epoch"] == 2 and event["split"] == "validation":
            raise KeyboardInterrupt

    stopped = declml.train(project.config, runs=project.runs, on_event=press_control_c)
    assert stopped.status == "interrupted"
    assert (stopped.path / "checkpoints" / "latest.safetensors").exists()
    run = declml.train(project.config, runs=project.runs, resume=stopped.id)
    assert run.record["weights"] == undisturbed[1]


@pytest.mark.parametrize("stage", ["table", "fit", "model"])
def test_control_c_before_training_ends_the_run_cleanly(tmp_path: Path, stage: str) -> None:
    project = make_project(tmp_path, SMALL_CONFIG.replace("epochs: 3", "epochs: 2000, early_stop: -1"))

    def press_control_c(event: dict[str, object]) -> None:
        if event["kind"] == "stage_started" and event["stage"] == stage:
            raise KeyboardInterrupt

    run = declml.train(project.config, runs=project.runs, on_event=press_control_c)
    assert run.status == "interrupted"
    assert [event["kind"] for _, event in read_events(run.events)][-1] == "run_finished"


def test_control_c_during_the_evaluation_says_so_and_the_run_can_go_on(
    undisturbed: tuple[Project, str], tmp_path: Path
) -> None:
    project = make_project(tmp_path, LONG)

    def press_control_c(event: dict[str, object]) -> None:
        if event["kind"] == "stage_started" and event["stage"] == "evaluation":
            raise KeyboardInterrupt

    stopped = declml.train(project.config, runs=project.runs, on_event=press_control_c)
    assert stopped.status == "interrupted"
    last = [event for _, event in read_events(stopped.events)][-1]
    assert "before training began" not in last["message"]
    assert declml.train(project.config, runs=project.runs, resume=stopped.id).record["weights"] == undisturbed[1]


def test_a_run_killed_after_its_model_was_saved_resumes_to_identical_weights(
    undisturbed: tuple[Project, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, LONG)

    def hold(request: dict[str, object], **_rest: object) -> Launched:
        raise Held(request)

    class Held(Exception):
        pass

    with monkeypatch.context() as patch:
        patch.setattr("declml.run.launching.launch", hold)
        with pytest.raises(Held) as held:
            declml.train(project.config, runs=project.runs)
    request = Request(**held.value.args[0])
    folder = RunFolder(Path(request.folder))
    ledger = Ledger(folder, request)
    execute(request, folder, ledger, lambda *_args, **_fields: None, Interrupts())
    ledger.update(process=dead_process())  # gone before its last word: the record still says running
    assert find(project.runs, "latest").status == "killed"
    assert declml.train(project.config, runs=project.runs, resume="latest").record["weights"] == undisturbed[1]


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_run_killed_after_a_warning_is_told_as_killed(tmp_path: Path) -> None:
    config = SMALL_CONFIG.replace("epochs: 3", "epochs: 3000, early_stop: -1")
    config = config.replace("output_features", "  - {name: same, type: number}\noutput_features")
    project = make_project(tmp_path, config, data=rows().with_columns(same=1))

    def kill(event: dict[str, object]) -> None:
        if event["kind"] == "metrics":
            os.kill(run_process(project), signal.SIGKILL)

    with pytest.raises(UserProblem, match="killed") as caught:
        declml.train(project.config, runs=project.runs, on_event=kill)
    assert "--resume" in caught.value.hint


def test_the_command_that_goes_on_says_what_the_killed_one_did(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG.replace("epochs: 3", "epochs: 3000, early_stop: -1"))
    told = ["--runs", str(project.runs), "--set", "trainer.seed=7"]
    command = [sys.executable, "-m", "declml", "train", str(project.config), *told, "--kernel", "local"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as train:
        assert train.stdout is not None
        next(line for line in train.stdout if line.startswith("epoch 1/"))
        os.kill(run_process(project), signal.SIGKILL)
        said = train.stdout.read()
    assert " ".join(["--resume", find(project.runs, "latest").id, *told]) in said


def test_two_trains_of_one_config_at_once_get_two_runs_with_the_same_weights(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    runs = []

    def train() -> None:
        runs.append(declml.train(project.config, runs=project.runs, again=True))

    threads = [threading.Thread(target=train) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({run.id for run in runs}) == 2
    assert len({run.record["weights"] for run in runs}) == 1


def test_a_run_is_resumed_only_with_its_own_plan(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG.replace("epochs: 3", "epochs: 3000, early_stop: -1"))

    def press_control_c(event: dict[str, object]) -> None:
        if event["kind"] == "metrics" and event["epoch"] == 1 and event["split"] == "validation":
            raise KeyboardInterrupt

    stopped = declml.train(project.config, runs=project.runs, on_event=press_control_c)
    with pytest.raises(UserProblem, match=r"trainer\.learning_rate"):
        declml.train(project.config, runs=project.runs, resume=stopped.id, overrides={"trainer.learning_rate": 0.5})


def test_a_corrupt_cache_entry_is_rebuilt(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    first = declml.train(project.config, runs=project.runs)
    for file in (tmp_path / ".declml" / "cache").rglob("values.npy"):
        content = bytearray(file.read_bytes())
        content[-1] ^= 0xFF
        file.write_bytes(content)
    for file in (tmp_path / ".declml" / "cache").rglob("table.arrow"):
        os.truncate(file, 100)
    second = declml.train(project.config, runs=project.runs, again=True)
    assert second.record["weights"] == first.record["weights"]
    stages = {event["stage"]: event for _, event in read_events(second.events) if event["kind"] == "stage_finished"}
    assert stages["table"]["reason"] == stages["dataset"]["reason"] == "its cache entry was damaged"


def test_data_that_change_under_a_run_are_noticed(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)

    def change(event: dict[str, object]) -> None:
        if event["kind"] == "run_started":
            with project.data.open("a") as file:
                file.write("1,1,red,yes,good,1,plain,1\n")

    # The change may come before or after the table is read; either way the record and the answer are about one content.
    try:
        run = declml.train(project.config, runs=project.runs, on_event=change)
    except Exception as error:  # noqa: BLE001 - whatever is told must be the right sentence
        assert "must not change" in str(error)
    else:
        assert sum(run.record["rows"].values()) == 400
