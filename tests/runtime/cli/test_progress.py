"""A run is shown from its events and nothing else."""

from __future__ import annotations

import io
from typing import Any

import click
import pytest

from declml.cli.progress import BarProgress, LineProgress, progress_for

DECIDES = {"output": "class", "metric": "accuracy", "goal": "maximize"}
TRAINING = {
    "kind": "training_started",
    "epochs": 3,
    "steps_per_epoch": 10,
    "total_steps": 30,
    "batch_size": 128,
    "parameters": 12345,
    "frozen_parameters": 0,
    "device": "cpu",
    "threads": 1,
    "optimizer": "adam-fused",
    "decides": DECIDES,
}


def metrics(split: str, epoch: int, accuracy: float, *, best: bool = False) -> dict[str, Any]:
    values = {"class": {"accuracy": accuracy, "loss": 0.5}, "combined": {"loss": 0.5}}
    return {
        "kind": "metrics",
        "split": split,
        "epoch": epoch,
        "step": 10 * epoch,
        "values": values,
        "seconds": 0.1,
        "best": best,
    }


EVENTS: list[dict[str, Any]] = [
    {"kind": "run_started", "run": "0001-aaaa", "experiment": "news", "process": 1, "resumed_from_step": None},
    {"kind": "stage_started", "stage": "split", "label": "Splitting rows"},
    {"kind": "stage_finished", "stage": "split", "cached": True, "reason": "same table", "seconds": 0.04, "facts": {}},
    {"kind": "stage_started", "stage": "fit", "label": "Fitting features"},
    {"kind": "stage_progress", "stage": "fit", "done": 1, "total": 2},
    {"kind": "stage_finished", "stage": "fit", "cached": False, "reason": "title is new", "seconds": 1.5, "facts": {}},
    TRAINING,
    {
        "kind": "step",
        "epoch": 1,
        "step": 5,
        "loss": 0.7,
        "learning_rate": 0.001,
        "steps_per_second": 812.4,
        "eta_seconds": 3.2,
    },
    metrics("training", 1, 0.7),
    metrics("validation", 1, 0.6, best=True),
    {"kind": "checkpoint", "step": 10, "best": True},
    metrics("training", 2, 0.9),
    metrics("validation", 2, float("nan")),
    {"kind": "log", "level": "warning", "message": "the loss is not a number"},
    {"kind": "log", "level": "debug", "message": "for a debugger"},
    {"kind": "training_finished", "step": 20, "epoch": 2, "best_epoch": 1, "reason": "early_stop", "seconds": 4.0},
    {"kind": "run_finished", "status": "finished", "seconds": 6.0, "message": "done"},
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def lines(events: list[dict[str, Any]]) -> list[str]:
    stream = io.StringIO()
    progress = LineProgress(stream)
    for event in events:
        progress.take(event)
    progress.close()
    return stream.getvalue().splitlines()


def test_plain_lines_are_one_a_stage_and_one_an_evaluation() -> None:
    assert lines(EVENTS) == [
        "Run 0001-aaaa",
        "split       cached    0.0 s  same table",
        "fit         ran       1.5 s  title is new",
        "training    12,345 weights, batches of 128, at most 3 epochs, cpu, threads 1; class.accuracy decides",
        "epoch 1/3  training loss 0.5000  validation loss 0.5000  accuracy 0.6000 best",
        "epoch 2/3  training loss 0.5000  validation loss 0.5000  accuracy nan",
        "warning: the loss is not a number",
        "training    no better for a while: stopped early after 2 epochs, 4.0 s; kept the weights of epoch 1",
    ]


def test_a_loss_that_decides_is_told_once() -> None:
    training = {**TRAINING, "decides": {**DECIDES, "metric": "loss", "goal": "minimize"}}
    told = lines([training, metrics("training", 1, 0.7), metrics("validation", 1, 0.6, best=True), EVENTS[-1]])
    assert told[1] == "epoch 1/3  training loss 0.5000  validation loss 0.5000 best"


def test_an_evaluation_without_validation_rows_shows_the_training_split() -> None:
    told = lines(
        [TRAINING, metrics("training", 1, 0.7), metrics("training", 2, 0.8), {"kind": "checkpoint", "step": 20}]
    )
    assert told[1:] == [
        "epoch 1/3  training loss 0.5000  accuracy 0.7000",
        "epoch 2/3  training loss 0.5000  accuracy 0.8000",
    ]


def test_a_resumed_run_says_where_it_goes_on() -> None:
    assert lines([{**EVENTS[0], "resumed_from_step": 1200}]) == ["Run 0001-aaaa goes on from step 1,200."]


def test_a_failed_end_is_told_and_its_problem_left_to_whoever_started_it() -> None:
    error = {"code": "one-class", "severity": "error", "message": "One class.", "path": "x"}
    warning = {
        "code": "missing",
        "severity": "warning",
        "message": "3 values are missing.",
        "path": "input_features[age]",
    }
    told = lines(
        [
            {"kind": "problem", "problem": warning},
            {"kind": "problem", "problem": error},
            {"kind": "run_finished", "status": "failed", "seconds": 1.0, "message": "One class."},
        ]
    )
    assert told == ["warning: input_features[age]: 3 values are missing.", "The run failed."]


def test_events_of_another_version_are_left_out() -> None:
    assert lines([{"kind": "of another year"}, {"kind": "stage_finished"}, {"kind": "metrics", "values": 3}]) == []


def test_a_terminal_gets_a_bar_with_speed_time_left_and_the_deciding_metric() -> None:
    stream = Terminal()
    progress = progress_for(stream)
    assert isinstance(progress, BarProgress)
    for event in EVENTS[:11]:
        progress.take(event)
    progress.take({**EVENTS[7], "step": 15, "epoch": 2})
    progress._bar.refresh()  # what the screen shows now, without waiting for its clock
    for event in EVENTS[11:]:
        progress.take(event)
    progress.close()
    shown = click.unstyle(stream.getvalue())
    assert "split       cached" in shown
    assert "epoch 2/3" in shown
    assert "812 steps/s  3.2 s left  accuracy 0.6000  best 0.6000" in shown
    assert "stopped early" in shown
    assert "epoch 1/3  training loss" not in shown  # the bar tells it


def test_no_color_means_plain_lines_even_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    progress = progress_for(stream)
    for event in EVENTS:
        progress.take(event)
    assert isinstance(progress, LineProgress)
    assert "\x1b" not in stream.getvalue()
