"""The commands as a user runs them: each in a process of its own, which starts everything it needs itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from declml.kernels.local import attach, follow
from declml.runs.find import find

from .projects import SMALL_CONFIG, Project, make_project, rows

pytestmark = pytest.mark.usefixtures("cold")


def command(*arguments: str | Path) -> Sequence[str]:
    return [sys.executable, "-m", "declml.cli.main", *map(str, arguments)]


def declml(*arguments: str | Path, at: Path) -> str:
    answer = subprocess.run(command(*arguments), cwd=at, capture_output=True, text=True, timeout=300, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    return answer.stdout


def test_a_file_becomes_a_project_a_model_and_predictions(tmp_path: Path) -> None:
    rows(120).select("size", "colour", "sold").write_csv(tmp_path / "rows.csv")
    profiled = json.loads(declml("profile", "rows.csv", "--json", at=tmp_path))
    assert {each["name"] for each in profiled["columns"]} == {"size", "colour", "sold"}
    declml("init", "from-data", "rows.csv", "shop", "--target", "sold", at=tmp_path)
    folder = tmp_path / "shop"
    config = next(folder.glob("*.declml.yaml"))
    declml("check", config.name, at=folder)
    fewer = ("--set", "trainer.epochs=2", "--set", "trainer.threads=1")
    planned = json.loads(declml("plan", config.name, *fewer, "--json", at=folder))
    assert {each["stage"]: each["action"] for each in planned["stages"]}["training"] == "run"
    told = [json.loads(line) for line in declml("train", config.name, *fewer, "--json", at=folder).splitlines()]
    assert told[-1]["status"] == "finished"
    assert "finished" in declml("runs", "list", at=folder)
    shown = json.loads(declml("runs", "show", "latest", "--json", at=folder))
    evaluated = json.loads(declml("evaluate", "latest", "--data", tmp_path / "rows.csv", "--json", at=folder))
    assert evaluated["rows"] == 120
    assert set(evaluated["values"]["sold"]) == set(shown["metrics"]["test"]["sold"])
    declml("predict", "latest", "--data", tmp_path / "rows.csv", "--output", "answers.csv", at=folder)
    assert pl.read_csv(folder / "answers.csv").height == 120


@pytest.fixture
def endless(tmp_path: Path) -> Project:
    return make_project(tmp_path, SMALL_CONFIG.replace("epochs: 3", "epochs: 3000, early_stop: -1"))


def test_control_c_in_a_terminal_keeps_the_run(endless: Project) -> None:
    with subprocess.Popen(
        command("train", endless.config.name, "--json"),
        cwd=endless.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as terminal:
        assert terminal.stdout is not None
        pressed = False
        for line in terminal.stdout:
            if not pressed and json.loads(line).get("kind") == "metrics":
                os.killpg(terminal.pid, signal.SIGINT)
                pressed = True
    assert terminal.returncode == 130
    run = find(endless.runs, "latest")
    assert run.status == "interrupted"
    assert (run.path / "checkpoints" / "latest.safetensors").exists()


def test_a_training_outlives_its_terminal(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    with subprocess.Popen(
        command("train", project.config.name, "--json"), cwd=project.folder, stdout=subprocess.PIPE, text=True
    ) as terminal:
        assert terminal.stdout is not None
        started = json.loads(terminal.stdout.readline())
        terminal.kill()
    run = find(project.runs, "latest")
    follow(run.events, attach(int(started["process"]), folder=run.path))
    assert find(project.runs, "latest").status == "finished"
