"""`declml predict` refuses an output that would cost the user something, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Declml = Callable[..., Result]


def test_predictions_never_take_the_place_of_the_data(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("age\n3\n")
    answer = declml("predict", "latest", "--data", "rows.csv", "--output", "./rows.csv")
    assert answer.exit_code == 1
    assert "The output must not be the file with the data" in answer.output
    assert (tmp_path / "rows.csv").read_text() == "age\n3\n"


def test_an_output_in_an_absent_folder_is_refused_with_the_way_out(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("age\n3\n")
    answer = declml("predict", "latest", "--data", "rows.csv", "--output", "away/answers.csv")
    assert answer.exit_code == 1
    assert "The output must be in a folder that is there; got away/answers.csv." in answer.output
    assert "Make the folder away first." in answer.output
