"""A run folder is read without being believed blindly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from declml.errors import UserProblem
from declml.runs.alive import is_alive
from declml.runs.folder import open_run
from runs.builder import text_plan, write_record, write_run


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


def test_a_run_tells_what_its_record_and_plan_say(tmp_path: Path) -> None:
    run = write_run(tmp_path, "0012-3fa9")
    assert (run.id, run.number, run.experiment, run.status) == ("0012-3fa9", 12, "news", "finished")
    assert run.plan == text_plan()
    assert run.deciding_value() == 0.81
    assert run.taint() == []
    assert run.created is not None
    assert run.created.timestamp() == 1740830400


def test_a_running_run_whose_process_is_gone_is_shown_as_killed(tmp_path: Path) -> None:
    assert write_run(tmp_path, status="running", process=ended_process()).status == "killed"


def test_a_running_run_whose_process_lives_is_running(tmp_path: Path) -> None:
    assert write_run(tmp_path, status="running", process=os.getpid()).status == "running"


def test_a_process_number_that_was_used_again_is_not_the_runs_process(tmp_path: Path) -> None:
    run = write_run(tmp_path, status="running", process=os.getpid())
    os.utime(run.path / "record.json", (1_000_000_000, 1_000_000_000))
    assert run.status == "killed"


def test_a_run_of_another_host_is_believed(tmp_path: Path) -> None:
    run = write_run(tmp_path, status="running", process=ended_process(), hardware={"host": "elsewhere.example"})
    assert run.status == "running"


def test_an_ended_child_that_nobody_collected_counts_as_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    assert not is_alive(process.pid)
    process.wait()


def test_a_changed_and_a_lost_file_taint_a_run(tmp_path: Path) -> None:
    run = write_run(tmp_path, files={"predictions/test.parquet": "rows"})
    (run.path / "model/weights.safetensors").write_text("other weights")
    (run.path / "predictions/test.parquet").unlink()
    assert run.taint() == ["model/weights.safetensors", "predictions/test.parquet"]


def test_a_changed_plan_and_config_taint_a_run(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    (run.path / "plan.json").write_text(json.dumps(text_plan(epochs=9).as_json()))
    (run.path / "config.yaml").write_text("other: text")
    assert run.taint() == ["config.yaml", "plan.json"]


@pytest.mark.parametrize("content", ["", "{", "[1]", "{}"])
def test_a_damaged_plan_taints_a_run_and_raises_no_traceback(tmp_path: Path, content: str) -> None:
    run = write_run(tmp_path)
    (run.path / "plan.json").write_text(content)
    assert run.taint() == ["plan.json"]


def test_a_run_of_a_newer_version_says_so(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    write_record(run.path, {**run.record, "format": 2, "declml": "3.0"})
    with pytest.raises(UserProblem, match=r"written by a newer declml 3\.0.*format 1 or less; got 2"):
        open_run(run.path)


@pytest.mark.parametrize("content", ["", "nonsense", "[]", "\x00\x01"])
def test_a_damaged_record_is_a_problem_with_a_way_out(tmp_path: Path, content: str) -> None:
    run = write_run(tmp_path)
    (run.path / "record.json").write_text(content)
    with pytest.raises(UserProblem, match=r"must be a JSON object") as caught:
        open_run(run.path)
    assert "delete it" in caught.value.hint


def test_the_deciding_value_may_be_a_number_that_is_not_finite(tmp_path: Path) -> None:
    value = write_run(tmp_path, metrics={"validation": {"class": {"accuracy": "nan"}}}).deciding_value()
    assert value is not None
    assert value != value
