"""Tags, deleting and taking back, as a terminal says them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from runs.builder import write_run

Declml = Callable[..., Result]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    write_run(root, "0001-aaaa")
    write_run(root, "0002-bbbb")
    return root


def ids(answer: Result) -> list[str]:
    return [each["id"] for each in json.loads(answer.output)]


def test_tags_are_added_listed_filtered_by_and_taken_away(declml: Declml, root: Path) -> None:
    assert declml("runs", "tag", "1", "baseline", "paper").output == "0001-aaaa  #baseline #paper\n"
    assert declml("runs", "tag", "2", "paper").output == "0002-bbbb  #paper\n"
    assert declml("runs", "tag", "1", "baseline", "late").output == "0001-aaaa  #baseline #paper #late\n"
    listed = declml("runs", "list").output.splitlines()
    assert listed[2].endswith("#baseline #paper #late")
    assert ids(declml("runs", "list", "--tag", "paper", "--json")) == ["0002-bbbb", "0001-aaaa"]
    assert ids(declml("runs", "list", "--tag", "paper", "--tag", "baseline", "--json")) == ["0001-aaaa"]
    assert "There are no runs that fit" in declml("runs", "list", "--tag", "bas").output
    assert "#baseline #paper #late" in declml("runs", "show", "1").output
    assert json.loads(declml("runs", "show", "1", "--json").output)["tags"] == ["baseline", "paper", "late"]
    assert declml("runs", "tag", "1", "paper", "--remove").output == "0001-aaaa  #baseline #late\n"
    assert declml("runs", "tag", "1").output == "0001-aaaa  #baseline #late\n"
    assert declml("runs", "tag", "1", "--remove").output == "0001-aaaa  no tags\n"


def test_a_tag_with_a_comma_is_one_sentence(declml: Declml, root: Path) -> None:
    answer = declml("runs", "tag", "1", "a,b")
    assert answer.exit_code == 1
    assert "A tag must be words without a comma" in answer.output
    assert "Traceback" not in answer.output


def test_tags_of_a_run_are_no_taint(declml: Declml, root: Path) -> None:
    declml("runs", "tag", "1", "baseline")
    assert "tainted" not in declml("runs", "list").output


def test_a_deleted_run_says_how_to_undo_and_comes_back(declml: Declml, root: Path) -> None:
    answer = declml("runs", "delete", "1", "0001-aaaa")
    assert answer.output == "Deleted 0001-aaaa (news). Undo: declml runs restore 0001-aaaa\n"
    assert ids(declml("runs", "list", "--json")) == ["0002-bbbb"]
    back = declml("runs", "restore", "0001-aaaa")
    assert back.output == f"0001-aaaa (news) is back in {root / 'news' / '0001-aaaa'}.\n"
    assert ids(declml("runs", "list", "--json")) == ["0002-bbbb", "0001-aaaa"]


def test_a_run_elsewhere_is_deleted_where_it_lies(declml: Declml, root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    run = write_run(elsewhere, "0007-ffff")
    said = declml("runs", "delete", run.path).output
    assert said.endswith(f"declml runs restore 0007-ffff --runs {elsewhere}\n")
    assert declml("runs", "restore", "latest", "--runs", elsewhere).exit_code == 0
    assert run.path.exists()


def test_one_name_that_fits_nothing_deletes_nothing(declml: Declml, root: Path) -> None:
    answer = declml("runs", "delete", "1", "9")
    assert answer.exit_code == 1
    assert "There is no run '9'" in answer.output
    assert (root / "news" / "0001-aaaa").exists()


def test_restoring_without_a_deletion_is_one_sentence(declml: Declml, root: Path) -> None:
    answer = declml("runs", "restore", "1")
    assert answer.exit_code == 1
    assert "There are no deleted runs" in answer.output
