"""Trainings from elsewhere: a URL, a query, files for each side; what cannot be read is told and the rest is kept."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.runs.folder import Run
from web_server import Site, serving

from .projects import Project, make_project, rows

CONFIG = """\
data: {DATA}
input_features:
  - {name: size, type: number}
  - {name: colour, type: category}
output_features:
  - {name: sold, type: binary}
trainer: {epochs: 1, batch_size: 64, threads: 1}
MORE
"""

pytestmark = pytest.mark.slow


def project_of(tmp_path: Path, data: str, more: str = "") -> Project:
    return make_project(tmp_path, CONFIG.replace("DATA", data).replace("MORE", more))


def trained(project: Project, **options) -> Run:
    return declml.train(project.config, runs=project.runs, **options)


def test_a_url_trains_once_and_again_when_it_changed(tmp_path: Path) -> None:
    with serving(Site({"/rows.csv.gz": gzip.compress(rows(300).write_csv().encode(), mtime=0)})) as site:
        project = project_of(tmp_path, f"source: '{site.url}/rows.csv.gz?token=geheim'")
        first = trained(project)
        assert trained(project).reused
        origin = first.record["data"]["origins"][0]
        assert origin["source"] == f"{site.url}/rows.csv.gz?..." and origin["etag"] and origin["sha256"]
        assert "geheim" not in json.dumps(first.record)
        site.bodies["/rows.csv.gz"] = gzip.compress(rows(320).write_csv().encode(), mtime=0)
        second = trained(project)
        assert not second.reused and sum(second.record["rows"].values()) == 320
    told: list[str] = []

    def take(event) -> None:
        if event["kind"] == "problem":
            told.append(event["problem"]["code"])

    offline = trained(project, again=True, on_event=take)
    assert offline.record["data"]["sha256"] == second.record["data"]["sha256"] and "offline-source" in told


def test_a_query_trains_and_new_rows_train_anew(tmp_path: Path) -> None:
    database = tmp_path / "shop.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE sales (size REAL, colour TEXT, sold INTEGER)")
        some = rows(300).select("size", "colour", "sold").rows()
        connection.executemany("INSERT INTO sales VALUES (?, ?, ?)", some)
    connection.close()
    project = project_of(tmp_path, "source: {database: shop.sqlite, query: SELECT * FROM sales ORDER BY rowid}")
    first = trained(project)
    assert sum(first.record["rows"].values()) == 300 and trained(project).reused
    assert first.record["data"]["origins"][0]["database"] == "sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM sales WHERE rowid > 250")
    connection.close()
    assert sum(trained(project).record["rows"].values()) == 250
    broken = project_of(tmp_path, "source: {database: shop.sqlite, query: SELECT nope FROM sales}")
    with pytest.raises(UserProblem, match="no such column: nope"):
        trained(broken)


def test_files_for_each_side_are_the_sides(tmp_path: Path) -> None:
    project = project_of(tmp_path, "source: {training: train-*.csv, validation: val.csv, test: test.csv}")
    rows(100, seed=1).write_csv(tmp_path / "train-0.csv")
    rows(110, seed=2).write_csv(tmp_path / "train-1.csv")
    rows(40, seed=3).write_csv(tmp_path / "val.csv")
    rows(50, seed=4).write_csv(tmp_path / "test.csv")
    run = trained(project)
    assert run.record["rows"] == {"training": 210, "validation": 40, "test": 50}
    assert "\x1fside" not in run.record["columns"]
    tested = pl.read_parquet(run.path / "predictions" / "test.parquet")
    assert tested["row"].to_list() == list(range(250, 300))
    assert declml.reproduce(run, runs=project.runs).identical
    swapped = CONFIG.replace("DATA", "source: {training: train-*.csv, validation: test.csv, test: val.csv}")
    project.config.write_text(swapped.replace("MORE", ""))
    other = trained(project)
    assert not other.reused and other.record["rows"] == {"training": 210, "validation": 50, "test": 40}


def test_bad_rows_are_left_out_and_told_and_classes_can_be_balanced(tmp_path: Path) -> None:
    project = project_of(
        tmp_path, "source: rows.csv, bad_rows: skip",
        "preprocessing: {oversample_minority: 1.0, split: {type: group, column: note}}",
    )  # fmt: skip
    text = rows(300).write_csv().splitlines()
    text[5] += ",more"
    project.data.write_text("\n".join(text) + "\n")
    told: dict[str, str] = {}

    def take(event) -> None:
        if event["kind"] == "problem":
            told[event["problem"]["code"]] = event["problem"]["message"]
        if event["kind"] == "stage_finished":
            told[event["stage"]] = str(event["facts"])

    run = trained(project, on_event=take)
    assert "1 of 300 row was left out of rows.csv: row 5 (line 6) has 9 fields instead of 8" in told["skipped-rows"]
    assert "oversample_minority" in told["dataset"]
    answers = pl.read_parquet(run.path / "predictions" / "training.parquet")
    sold = answers["sold"].value_counts()["count"].to_list()
    assert sold[0] == sold[1]


def test_balancing_quantities_is_a_problem_with_its_place(tmp_path: Path) -> None:
    project = project_of(tmp_path, "source: rows.csv", "preprocessing: {undersample_majority: 0.5}")
    project.config.write_text(
        project.config.read_text().replace("name: sold, type: binary", "name: price, type: number")
    )
    with pytest.raises(ConfigProblems, match="must go with one output of classes"):
        trained(project)
