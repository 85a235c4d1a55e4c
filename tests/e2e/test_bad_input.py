"""Whatever is wrong with the data: a sentence with a place and a way out, no traceback, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.runs.folder import Run

from .projects import SMALL_CONFIG, make_project, rows

Change = Callable[[Path], None]


def frame(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Change:
    def write(path: Path) -> None:
        change(pl.read_csv(path)).write_csv(path)

    return write


def text(change: Callable[[str], str]) -> Change:
    def write(path: Path) -> None:
        path.write_text(change(path.read_text()))

    return write


def with_value(column: str, value: object, *, where: int = 7) -> Change:
    def change(table: pl.DataFrame) -> pl.DataFrame:
        values = [str(each) for each in table[column]]
        values[where] = str(value)
        return table.with_columns(pl.Series(column, values))

    return frame(change)


REFUSED: dict[str, tuple[Change, str, str]] = {
    "empty file": (text(lambda _: ""), "empty", "rows.csv"),
    "header only": (text(lambda t: t.splitlines()[0] + "\n"), "empty-table", "one row"),
    "binary file": (lambda path: path.write_bytes(bytes(range(256)) * 50) and None, "", "rows.csv"),
    "no header": (text(lambda t: t.partition("\n")[2]), "absent-column", "size"),
    "duplicate columns": (text(lambda t: t.replace("weight", "size", 1)), "duplicate-column", "size"),
    "absent column": (frame(lambda t: t.rename({"colour": "color"})), "absent-column", "colour"),
    "all missing": (frame(lambda t: t.with_columns(pl.lit(None, pl.String).alias("size"))), "", "size"),
    "one class only": (frame(lambda t: t.with_columns(pl.lit(1).alias("sold"))), "", "sold"),
    "three values in a binary": (with_value("sold", "maybe"), "", "maybe"),
    "too many fields in a row": (text(lambda t: t.replace("\n", "\n", 1) + "1,2,red,yes,x,1,plain,1,9,9\n"), "", "402"),
    "not UTF-8": (
        lambda path: path.write_bytes(path.read_bytes() + b"1,1,\xff\xfe,no,x,1,plain,1\n") and None,
        "",
        "rows.csv",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_data_that_cannot_be_trained_on_are_refused_with_one_sentence(tmp_path: Path, case: str) -> None:
    change, code, said = REFUSED[case]
    project = make_project(tmp_path, SMALL_CONFIG)
    change(project.data)
    with pytest.raises((ConfigProblems, UserProblem)) as caught:
        declml.train(project.config, runs=project.runs)
    error = caught.value
    if isinstance(error, ConfigProblems):
        problems = [each for each in error.problems if each.severity == "error"]
        codes, messages = [each.code for each in problems], [f"{each.message} {each.hint}" for each in problems]
        assert all(each.file.endswith("shop.declml.yaml") for each in problems)
    else:
        codes, messages = [error.code], [f"{error.message} {error.hint}"]
    assert any(said in each for each in messages), messages
    assert not any("internal" in each for each in codes), messages
    assert any(code in each for each in codes), codes
    # Told once: neither the message nor the log of the process holds a traceback.
    assert not any("Traceback" in log.read_text() for log in project.runs.rglob("worker.log"))


def test_rows_that_cannot_be_used_are_left_out_and_told(tmp_path: Path) -> None:
    table = rows()
    sold = [None if index % 50 == 0 else value for index, value in enumerate(table["sold"])]
    size = [np.inf if index == 3 else value for index, value in enumerate(table["size"])]
    project = make_project(
        tmp_path, SMALL_CONFIG, data=table.with_columns(pl.Series("sold", sold), pl.Series("size", size))
    )
    told: list[str] = []

    def listen(event: dict[str, object]) -> None:
        if event["kind"] == "problem":
            told.append(str(event["problem"]))

    run = declml.train(project.config, runs=project.runs, on_event=listen)
    assert run.status == "finished"
    assert sum(run.record["rows"].values()) == 392
    assert any("8" in each and "sold" in each for each in told), told
    assert any("infinite" in each and "size" in each for each in told), told


def test_text_in_a_number_column_is_told_with_count_and_first_row(tmp_path: Path) -> None:
    size = ["forty" if index in {17, 20, 30} else str(value) for index, value in enumerate(rows()["size"])]
    project = make_project(tmp_path, SMALL_CONFIG, data=rows().with_columns(pl.Series("size", size)))
    told: list[str] = []
    declml.train(
        project.config,
        runs=project.runs,
        on_event=lambda event: told.append(event["problem"]["message"]) if event["kind"] == "problem" else None,
    )
    assert any("3 of 400 rows" in each and "row 18" in each and "'forty'" in each for each in told), told


def test_a_class_unseen_in_training_is_left_out_of_evaluation_and_told(tmp_path: Path) -> None:
    table = rows().with_columns(
        side=pl.int_range(400) % 3, kind=pl.Series([f"k{index // 3 % 3}" for index in range(400)])
    )
    kinds = ["unseen" if index == 2 else value for index, value in enumerate(table["kind"])]
    config = SMALL_CONFIG.replace("{name: sold, type: binary}", "{name: kind, type: category}")
    config = config.replace(
        "type: category}\noutput", "type: category}\npreprocessing: {split: {type: fixed, column: side}}\noutput"
    )
    project = make_project(tmp_path, config, data=table.with_columns(pl.Series("kind", kinds)))
    told: list[str] = []
    run = declml.train(
        project.config,
        runs=project.runs,
        on_event=lambda e: told.append(str(e["problem"])) if e["kind"] == "problem" else None,
    )
    assert run.record["rows"]["test"] == 132
    assert any("kind" in each for each in told), told


def test_an_unreadable_source_names_the_path(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG.replace("rows.csv", "rosw.csv"))
    with pytest.raises((UserProblem, ConfigProblems), match=r"rosw\.csv"):
        declml.train(project.config, runs=project.runs)
    assert not project.runs.exists() or not list(project.runs.glob("*/*"))


def test_a_run_of_a_newer_version_is_told_apart(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    run = declml.train(project.config, runs=project.runs)
    record = run.path / "record.json"
    record.write_text(record.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(UserProblem, match="newer declml"):
        declml.predict(run.id, project.data, runs=project.runs)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run for tests that only read it."""
    project = make_project(tmp_path_factory.mktemp("trained"), SMALL_CONFIG)
    return declml.train(project.config, runs=project.runs)


def test_a_prediction_without_an_input_column_names_it(trained: Run) -> None:
    with pytest.raises(UserProblem, match="'colour'"):
        declml.predict(trained, rows(3).drop("colour"))


def test_data_without_a_row_or_with_lists_are_refused_at_prediction(trained: Run) -> None:
    with pytest.raises(UserProblem, match="at least one row"):
        declml.predict(trained, rows().head(0))
    with pytest.raises(UserProblem, match="colour"):
        declml.predict(trained, rows().with_columns(colour=pl.concat_list("colour")))


def test_a_class_for_missing_integers_is_predicted_as_text(tmp_path: Path) -> None:
    target = "{name: kind, type: category, preprocessing: {missing_value_strategy: fill_with_const}}"
    project = make_project(
        tmp_path,
        SMALL_CONFIG.replace("{name: sold, type: binary}", target),
        data=rows().with_columns(kind=pl.when(pl.col("size") > 8).then(pl.col("sold") + 3)),
    )
    run = declml.train(project.config, runs=project.runs)
    assert set(declml.predict(run, project.data)["kind_predictions"]) <= {"3", "4", "<UNK>"}


def test_diverging_training_says_what_to_do(tmp_path: Path) -> None:
    project = make_project(
        tmp_path,
        SMALL_CONFIG.replace(
            "learning_rate: 0.01", "learning_rate: 1.0e+38, gradient_clipping: null, optimizer: {type: sgd}"
        ),
    )
    with pytest.raises(ConfigProblems, match="finite") as caught:
        declml.train(project.config, runs=project.runs)
    assert "learning_rate" in caught.value.problems[-1].hint


def test_a_slice_on_an_absent_column_is_refused_before_training(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG + "evaluation: {slices: [{column: colr}]}\n")
    kinds: list[str] = []
    with pytest.raises(ConfigProblems, match="colr"):
        declml.train(project.config, runs=project.runs, on_event=lambda event: kinds.append(event["kind"]))
    assert "training_started" not in kinds


def test_predictions_never_take_the_place_of_the_data(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    before = project.data.read_bytes()
    with pytest.raises(UserProblem, match="must not be the file with the data"):
        declml.predict("latest", project.data, output=project.data, runs=project.runs)
    assert project.data.read_bytes() == before
