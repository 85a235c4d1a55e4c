"""Numbers and tables are for people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from runs.builder import write_run

from declml.cli import terminal
from declml.cli.results import confusion_table, metrics_table, slices_table
from declml.cli.train import summary


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.81234, "0.8123"),
        (0, "0.0000"),
        (None, "-"),
        ("nan", "nan"),
        (1234.5678, "1,234.6"),
        (1e-7, "1e-07"),
        (3e9, "3e+09"),
    ],
)
def test_a_number_has_the_digits_that_count(value: object, text: str) -> None:
    assert terminal.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 05 min"),
    ],
)
def test_a_duration_reads_well(seconds: float | None, text: str) -> None:
    assert terminal.duration(seconds) == text


@pytest.mark.parametrize(
    ("created", "text"),
    [
        ("2025-03-01T11:59:30+00:00", "just now"),
        ("2025-03-01T11:00:00+00:00", "1 h ago"),
        ("2025-03-01T12:55:00+01:00", "5 min ago"),
        ("2025-02-26T11:00:00+00:00", "3 days ago"),
        ("2023-02-26T11:00:00+00:00", "2 years ago"),
        ("2026-02-26T11:00:00+00:00", "just now"),
        ("no time", ""),
    ],
)
def test_an_age_reads_well(created: str, text: str) -> None:
    assert terminal.age(created, now=datetime(2025, 3, 1, 12, tzinfo=UTC)) == text


def test_columns_are_aligned_by_what_is_seen() -> None:
    text = terminal.table([["a", terminal.bad("12")], ["bcd", "3"]], header=["name", "n"], right=[1])
    assert click.unstyle(text).splitlines() == ["name   n", "a     12", "bcd    3"]
    assert terminal.table([]) == ""


def test_metrics_stand_side_by_side_and_a_repeated_loss_is_left_out() -> None:
    values = {"class": {"accuracy": 0.8, "loss": 0.5}, "combined": {"loss": 0.5}}
    text = metrics_table(
        {"test": values, "validation": {"class": {"accuracy": 0.9}}}, {"output": "class", "metric": "accuracy"}
    )
    assert click.unstyle(text).splitlines() == [
        "output  metric      validation    test",
        "class   accuracy *      0.9000  0.8000",
        "        loss                 -  0.5000",
    ]


def test_two_outputs_keep_their_combined_loss() -> None:
    values = {"a": {"loss": 0.1}, "b": {"loss": 0.2}, "combined": {"loss": 0.3}}
    assert "combined" in metrics_table({"test": values}, {})


def test_slices_and_confusion_are_tables() -> None:
    slices = [
        {"name": "sex = Female", "rows": 1200, "values": {"income": {"accuracy": 0.9}, "combined": {"loss": 1.0}}}
    ]
    assert click.unstyle(slices_table(slices)).splitlines()[1] == "sex = Female  1,200    0.9000"
    text = click.unstyle(confusion_table("income", {"classes": ["<=50K", ">50K"], "counts": [[90, 10], [5, 20]]}))
    assert text.splitlines()[2:] == ["<=50K     90    10", ">50K       5    20"]


def test_the_end_of_a_training_shows_results_folder_and_what_to_do(tmp_path: Path) -> None:
    write_run(tmp_path, "0001-aaaa")
    run = write_run(tmp_path, "0002-bbbb")
    text = click.unstyle(summary(run))
    assert text.startswith("Finished run 0002-bbbb in 12 s, best epoch 3.")
    assert "class   accuracy *      0.8100  0.8000" in text
    assert f"Folder   {run.path}" in text
    assert "declml evaluate 0002-bbbb --data FILE" in text
    assert "declml runs diff 0001-aaaa 0002-bbbb" in text
    assert "runs diff" not in summary(write_run(tmp_path, "0003-cccc", experiment="other"))


def test_a_run_that_was_there_already_says_that_nothing_was_done(tmp_path: Path) -> None:
    from dataclasses import replace

    text = click.unstyle(summary(replace(write_run(tmp_path), reused=True)))
    assert text.startswith("Nothing changed since run 0001-aaaa, so there is nothing to do. --again trains anyway.")


def test_wide_signs_take_two_columns_and_an_empty_last_cell_none() -> None:
    text = terminal.table([["日本", "1", terminal.faint("")], ["abc", "2", ""]])
    assert click.unstyle(text).splitlines() == ["日本  1", "abc   2"]
