"""The table of predictions keeps every column, whatever the outputs are called, and is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from declml.errors import UserProblem
from declml.run.predictions import FrameWriter, with_truth, write_frame
from declml_schema.check import check


def test_outputs_whose_names_collide_lose_no_column() -> None:
    names = ("row", "y", "y_predictions")
    outputs = "".join(f"  - {{name: {name}, type: number}}\n" for name in names)
    plan = check(f"input_features: [{{name: a, type: number}}]\noutput_features:\n{outputs}").plan
    assert plan is not None
    table = pl.DataFrame({name: [float(place), 0.0] for place, name in enumerate(names)})
    answers = pl.DataFrame({f"{name}_predictions": [9.0] for name in names})
    kept = with_truth(answers, plan, table, np.array([0]))
    assert kept.row(0, named=True) == {
        "row": 0, "row_": 0.0, "y": 1.0, "y_predictions_": 2.0,
        "row_predictions": 9.0, "y_predictions": 9.0, "y_predictions_predictions": 9.0,
    }  # fmt: skip


def answers(rows: int, *, first: int = 0) -> pl.DataFrame:
    numbers = np.arange(first, first + rows)
    return pl.DataFrame(
        {
            "y_predictions": [f"a, {each}" for each in numbers],
            "y_probability": numbers / 7,
            "tags_predictions": pl.Series([["x", 'y"'][: each % 3] for each in numbers], dtype=pl.List(pl.String)),
        }
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_pieces_make_the_file_of_the_answers(tmp_path: Path, suffix: str) -> None:
    write_frame(tmp_path / f"whole{suffix}", answers(1000))
    with FrameWriter(tmp_path / f"pieces{suffix}") as writer:
        for start in range(0, 1000, 300):
            assert not (tmp_path / f"pieces{suffix}").exists()
            writer.add(answers(min(300, 1000 - start), first=start))
    assert (writer.rows, writer.columns) == (1000, tuple(answers(1).columns))
    if suffix == ".parquet":
        assert pl.read_parquet(tmp_path / "pieces.parquet").equals(answers(1000))
        assert pl.read_parquet(tmp_path / "whole.parquet").equals(answers(1000))
    else:
        assert (tmp_path / f"pieces{suffix}").read_bytes() == (tmp_path / f"whole{suffix}").read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"pieces{suffix}", f"whole{suffix}"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_an_interrupted_writing_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, suffix: str, stop: type[BaseException]
) -> None:
    path = tmp_path / f"answers{suffix}"
    path.write_text("of yesterday")
    with pytest.raises(stop), FrameWriter(path) as writer:
        writer.add(answers(10))
        raise stop
    assert path.read_text() == "of yesterday"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_an_absent_folder_is_told(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(UserProblem, match="folder of the output must exist"):
        write_frame(tmp_path / "away" / f"answers{suffix}", answers(3))


def test_an_ending_that_is_not_known_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match=r"must end in \.csv, \.parquet, \.jsonl or \.ndjson; got 'answers\.xlsx'"):
        FrameWriter(tmp_path / "answers.xlsx")
