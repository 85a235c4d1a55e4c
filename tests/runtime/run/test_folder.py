"""Every run gets a number of its own, whoever else asks at the same time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from declml.errors import UserProblem
from declml.run.folder import create_run
from declml.runs.places import experiment_name


def test_runs_that_are_made_at_once_get_different_numbers(tmp_path: Path) -> None:
    made: list[str] = []

    def make(experiment: str) -> None:
        made.extend(create_run(tmp_path, experiment, identity="abcdef", config="x", plan={}).id for _ in range(10))

    threads = [threading.Thread(target=make, args=(name,)) for name in ("one", "two", "three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [f"{number:04d}-abcd" for number in range(1, 31)]


def test_numbers_go_on_after_the_marks_are_gone(tmp_path: Path) -> None:
    first = create_run(tmp_path, "a", identity="1234", config="", plan={})
    (tmp_path / ".numbers" / "0001").rmdir()
    assert first.id == "0001-1234"
    assert create_run(tmp_path, "b", identity="5678", config="", plan={}).id == "0002-5678"


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserProblem, match="must be a place that can be written"):
        create_run(tmp_path / "file", "a", identity="1234", config="", plan={})


@pytest.mark.parametrize(
    ("text", "expected"), [("census 2", "census-2"), ("a/b", "a-b"), ("..", "experiment"), ("Größe", "Gr-e")]
)
def test_experiment_names_are_safe_folder_names(text: str, expected: str) -> None:
    assert experiment_name(text) == expected
