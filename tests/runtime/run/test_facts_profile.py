"""The profile of a config's data: whole or from the start, with or without a place to remember it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest

from declml.errors import UserProblem
from declml.run.data_facts import data_facts


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".declml").mkdir()
    for part in range(3):
        pl.DataFrame({"a": range(2000), "b": [f"x{each % 9}" for each in range(2000)]}).write_csv(
            tmp_path / f"part{part}.csv"
        )
    return tmp_path


def test_large_data_are_profiled_from_the_start_and_it_is_said(project: Path) -> None:
    found = data_facts(project, {"source": "part*.csv"}, most_bytes=100_000)
    sampled = found["sampled"]
    assert sampled["rows"] == found["rows"] < 6000
    assert sampled["files"] == 2 and sampled["all_files"] == 3
    assert sampled["estimated_rows"] == pytest.approx(6000, rel=0.1)
    assert f"the first {found['rows']:,} rows" in sampled["sentence"]
    assert [Path(str(each["path"])).name for each in found["paths"]] == ["part0.csv", "part1.csv", "part2.csv"]
    whole = data_facts(project, {"source": "part*.csv"})
    assert whole["sampled"] is None and whole["rows"] == 6000


def test_the_options_of_the_section_count_and_those_of_a_subset_do_not(project: Path) -> None:
    (project / "odd.csv").write_text("n;t\n1;-\n-;b\n")
    data = {"source": "odd.csv", "separator": ";", "null_values": "-", "limit": 1, "columns": ["n"], "where": None}
    found = data_facts(project, data)
    assert [(each["name"], each["dtype"], each["missing"]) for each in found["columns"]] == [
        ("n", "Int64", 1), ("t", "String", 1),
    ]  # fmt: skip
    assert found["rows"] == 2 and found["not_applied"] == ["limit", "columns"]
    assert data_facts(project, {"source": "odd.csv"})["columns"][0]["name"] == "n;t"
    declared = data_facts(project, {**data, "format": "csv", "encoding": "latin-1"})
    assert declared["columns"] == found["columns"]


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(project: Path) -> None:
    expected = data_facts(project, {"source": "part0.csv"})
    for each in sorted((project / ".declml" / "cache").rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() else each.unlink()
    (project / ".declml" / "cache").rmdir()
    (project / ".declml" / "cache").write_text("no folder")
    assert data_facts(project, {"source": "part0.csv"}) == expected


def test_a_remembered_profile_belongs_to_the_files_as_they_are_now(project: Path) -> None:
    first = data_facts(project, {"source": "part0.csv"})
    os.utime(project / "part0.csv", ns=(1, 1))
    again = data_facts(project, {"source": "part0.csv"})
    assert again["paths"][0]["mtime_ns"] == 1 != first["paths"][0]["mtime_ns"]
    assert again["columns"] == first["columns"] and again["sha256"] == first["sha256"]


def test_what_is_wrong_with_the_data_is_not_remembered(project: Path) -> None:
    file = project / "late.csv"
    file.write_text("a,b\n1\n")
    with pytest.raises(UserProblem, match="must have 2 fields"):
        data_facts(project, {"source": "late.csv"})
    file.write_text("a,b\n1,2\n")
    assert data_facts(project, {"source": "late.csv"})["rows"] == 1


def test_real_tables_have_json_profiles(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / ".declml").mkdir()
    for name in ("titanic.csv", "penguins.csv", "diamonds.parquet", "sms_spam.csv"):
        found = data_facts(tmp_path, {"source": str(shared_data / name)})
        assert found == json.loads(json.dumps(found, allow_nan=False))
        assert found["rows"] > 100 and all(each["distinct"] for each in found["columns"])
