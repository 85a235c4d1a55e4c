"""Profiled trainings: traces of the steps that were asked for, the same weights, also after a kill."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import declml
from declml.cli.main import cli
from declml.errors import UserProblem
from declml.runs.find import find
from declml_schema.check import check

from .projects import SMALL_CONFIG, make_project, rows

PROFILER = {"trainer.enable_profiling": True, "trainer.profiler": {"wait": 1, "warmup": 1, "active": 2, "repeat": 2}}


def test_traces_are_written_and_the_weights_are_the_same(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG, data=rows(240))
    plain = declml.train(project.config, runs=project.runs)
    assert not (plain.path / "profile").exists()
    news: list[str] = []
    run = declml.train(
        project.config,
        runs=project.runs,
        overrides=PROFILER,
        on_event=lambda event: news.append(event.get("message", "")),
    )
    assert run.record["weights"] == plain.record["weights"]
    names = sorted(each.name for each in (run.path / "profile").iterdir())
    assert names == ["steps-3-4.json", "steps-3-4.txt", "steps-7-8.json", "steps-7-8.txt"]
    trace = json.loads((run.path / "profile" / "steps-3-4.json").read_text())
    seen = {event.get("name") for event in trace["traceEvents"]}
    assert "aten::bmm" in seen and sum(str(each).startswith("ProfilerStep#") for each in seen) == 2
    table = (run.path / "profile" / "steps-7-8.txt").read_text()
    assert table.startswith("Steps 7 to 8: ") and "aten::" in table
    assert any("Steps 3 to 4 were profiled; most time went to " in each for each in news)
    told = CliRunner().invoke(cli, ["runs", "show", run.id, "--runs", str(project.runs)])
    assert "2 traces for ui.perfetto.dev, in profile/" in told.output


def test_a_killed_run_is_profiled_again_from_where_it_goes_on(tmp_path: Path) -> None:
    quiet = make_project(tmp_path / "quiet", SMALL_CONFIG, data=rows(240))
    undisturbed = declml.train(quiet.config, runs=quiet.runs)
    project = make_project(tmp_path / "killed", SMALL_CONFIG, data=rows(240))
    seen = {"metrics": 0}

    def kill(event: dict[str, Any]) -> None:
        seen["metrics"] += event["kind"] == "metrics" and event["split"] == "validation"
        if seen["metrics"] == 2:
            record = next(project.runs.glob("*/*/record.json"))
            os.kill(int(find(project.runs, record.parent.name).record["process"]), signal.SIGKILL)

    with pytest.raises(UserProblem, match="killed"):
        declml.train(project.config, runs=project.runs, overrides=PROFILER, on_event=kill)
    run = declml.train(project.config, runs=project.runs, overrides=PROFILER, resume="latest")
    assert run.record["weights"] == undisturbed.record["weights"]
    assert (run.path / "profile" / "steps-3-4.json").exists()


CONFIG = """\
input_features: [{name: size, type: number}]
output_features: [{name: price, type: number}]
trainer: TRAINER
"""


@pytest.mark.parametrize(
    ("trainer", "told"),
    [
        ("{enable_profiling: true}", []),
        ("{enable_profiling: true, profiler: {active: 1, repeat: 0}}", []),
        ("{profiler: {active: 2}}", [("ignored-parameter", "trainer.profiler")]),
        ("{enable_profiling: true, profiler: {active: 0}}", [("out-of-range", "trainer.profiler.active")]),
        ("{enable_profiling: true, profiler: {skip: 2}}", [("unknown-key", "trainer.profiler.skip")]),
    ],
)
def test_the_profiler_is_checked(trainer: str, told: list[tuple[str, str]]) -> None:
    found = check(CONFIG.replace("TRAINER", trainer)).problems
    assert [(each.code, each.path) for each in found] == told
