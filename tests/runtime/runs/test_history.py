"""An event stream becomes curves, and a resume takes back what it made void."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from declml.runs.history import history
from runs.builder import write_events


def started(resumed: int | None = None) -> dict[str, Any]:
    return {"kind": "run_started", "run": "0001-aaaa", "experiment": "news", "process": 1, "resumed_from_step": resumed}


def metrics(step: int, accuracy: Any, epoch: int = 1) -> dict[str, Any]:
    values = {"class": {"accuracy": accuracy}}
    return {"kind": "metrics", "split": "validation", "epoch": epoch, "step": step, "values": values, "seconds": 0.1}


def step(number: int) -> dict[str, Any]:
    return {
        "kind": "step",
        "epoch": 1,
        "step": number,
        "loss": 0.5,
        "learning_rate": 0.001,
        "steps_per_second": 10.0,
        "eta_seconds": None,
    }


def curve(path: Path) -> list[tuple[int, float]]:
    return [(each.step, each.value) for each in history(path).points("validation", "class", "accuracy")]


def test_points_stages_logs_and_the_end_are_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write_events(
        path,
        [
            started(),
            {"kind": "stage_started", "stage": "split", "label": "Splitting"},
            {
                "kind": "stage_finished",
                "stage": "split",
                "cached": True,
                "reason": "same",
                "seconds": 0.2,
                "facts": {"training": 7},
            },
            step(5),
            metrics(10, 0.8),
            {"kind": "log", "level": "info", "message": "hello"},
            {"kind": "run_finished", "status": "finished", "seconds": 2.0, "message": "done"},
        ],
    )
    it = history(path)
    assert curve(path) == [(10, 0.8)]
    assert [each.step for each in it.steps] == [5]
    stage = it.stages["split"]
    assert (stage.label, stage.cached, stage.reason, stage.facts) == ("Splitting", True, "same", {"training": 7})
    assert [each.message for each in it.logs] == ["hello"]
    assert it.finished is not None
    assert it.finished["status"] == "finished"


def test_a_resume_voids_the_points_after_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write_events(path, [started(), step(5), metrics(10, 0.5), step(15), metrics(20, 0.6)])
    write_events(path, [started(10), step(15), metrics(20, 0.7)])
    assert curve(path) == [(10, 0.5), (20, 0.7)]
    assert [each.step for each in history(path).steps] == [5, 15]


def test_a_start_from_nothing_voids_all_points(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write_events(path, [started(), metrics(10, 0.5), started(), metrics(10, 0.4)])
    assert curve(path) == [(10, 0.4)]


def test_a_resumed_run_is_not_finished_by_what_its_first_process_said(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    end = {"kind": "run_finished", "status": "interrupted", "seconds": 1.0, "message": "stopped"}
    write_events(path, [started(), metrics(10, 0.5), end, started(10)])
    assert history(path).finished is None


def test_numbers_that_are_not_finite_come_back_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write_events(path, [started(), metrics(1, float("nan")), metrics(2, float("inf")), metrics(3, float("-inf"))])
    values = [value for _, value in curve(path)]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_unfinished_lines_unknown_kinds_and_lacking_fields_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write_events(path, [started(), {"kind": "metrics", "split": "validation"}, metrics(1, 0.5)])
    with path.open("a") as file:
        file.write('{"kind":"of another year"}\nnot json\n{"kind":"metrics","spl')
    assert curve(path) == [(1, 0.5)]


def test_no_file_is_an_empty_history(tmp_path: Path) -> None:
    it = history(tmp_path / "events.jsonl")
    assert it.metrics == {}
    assert it.starts == 0
