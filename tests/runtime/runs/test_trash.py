"""A deleted run is out of every list's sight, comes back as it was, and goes for good after a month."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from declml.errors import RunNotFound, UserProblem
from declml.runs.find import run_folders
from declml.runs.folder import open_run
from declml.runs.index import list_runs
from declml.runs.tags import read_tags, write_tags
from declml.runs.trash import deleted_runs, discard, restore
from runs.builder import write_run

DAY = 24 * 3600.0
NOW = 1_740_830_400.0


def test_a_deleted_run_is_not_listed_and_comes_back_whole(tmp_path: Path) -> None:
    run = write_run(tmp_path, "0002-bbbb", experiment="census")
    write_tags(run.path, ["baseline"])
    deleted = discard(run, now=NOW)
    assert deleted.path == tmp_path / ".trash" / "census~0002-bbbb~1740830400000"
    assert deleted.origin == run.path
    assert run_folders(tmp_path) == []
    assert list_runs(tmp_path) == []
    assert deleted_runs(tmp_path) == [deleted]
    assert restore(tmp_path, "2") == deleted
    assert open_run(run.path).taint() == []
    assert read_tags(run.path) == ("baseline",)
    assert deleted_runs(tmp_path) == []


def test_a_run_that_trains_is_not_deleted(tmp_path: Path) -> None:
    run = write_run(tmp_path, status="running", process=os.getpid())
    with pytest.raises(UserProblem, match="must have ended") as caught:
        discard(run)
    assert caught.value.hint == "declml stop 0001-aaaa"
    assert run.path.exists()


def test_a_run_whose_process_is_gone_is_deleted(tmp_path: Path) -> None:
    run = write_run(tmp_path, status="running", process=2**22 + 1)
    discard(run)
    assert not run.path.exists()


def test_what_was_deleted_a_month_ago_goes_with_the_next_deletion(tmp_path: Path) -> None:
    old = discard(write_run(tmp_path, "0001-aaaa"), now=NOW)
    young = discard(write_run(tmp_path, "0002-bbbb"), now=NOW + 25 * DAY)
    (tmp_path / ".trash" / "not a run").mkdir()
    discard(write_run(tmp_path, "0003-cccc"), now=NOW + 31 * DAY)
    assert not old.path.exists()
    assert young.path.exists()
    assert [each.id for each in deleted_runs(tmp_path)] == ["0003-cccc", "0002-bbbb"]
    assert (tmp_path / ".trash" / "not a run").exists()


def test_the_last_deleted_comes_back_for_latest_and_for_one_deleted_twice(tmp_path: Path) -> None:
    discard(write_run(tmp_path, "0001-aaaa", status="failed"), now=NOW)
    second = discard(write_run(tmp_path, "0001-aaaa"), now=NOW + 1)
    assert restore(tmp_path, "0001-aaaa") == second
    assert open_run(second.origin).status == "finished"
    with pytest.raises(UserProblem, match="must be free"):
        restore(tmp_path, "latest")
    assert len(deleted_runs(tmp_path)) == 1


def test_a_name_that_fits_none_or_several_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match="There are no deleted runs"):
        restore(tmp_path, "latest")
    discard(write_run(tmp_path, "0001-aaaa"), now=NOW)
    discard(write_run(tmp_path, "0002-bbbb", experiment="census"), now=NOW + 1)
    with pytest.raises(RunNotFound, match=r"it fits 0002-bbbb \(census\), 0001-aaaa \(news\)"):
        restore(tmp_path, "000")
    with pytest.raises(RunNotFound, match=r"no deleted run '7'.*There are: 0002-bbbb"):
        restore(tmp_path, "7")
    assert restore(tmp_path, "0001-a").id == "0001-aaaa"
