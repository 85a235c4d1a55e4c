"""Tags are a list beside a run's record, whoever wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from declml.errors import UserProblem
from declml.runs.tags import read_tags, write_tags
from runs.builder import write_run


def test_tags_are_written_once_each_and_read_back(tmp_path: Path) -> None:
    run = write_run(tmp_path).path
    assert read_tags(run) == ()
    assert write_tags(run, ["baseline", " paper ", "baseline", "größer"]) == ("baseline", "paper", "größer")
    assert read_tags(run) == ("baseline", "paper", "größer")
    assert json.loads((run / "tags.json").read_text()) == ["baseline", "paper", "größer"]


def test_no_tags_leave_no_file(tmp_path: Path) -> None:
    run = write_run(tmp_path).path
    write_tags(run, ["baseline"])
    write_tags(run, [])
    assert not (run / "tags.json").exists()
    write_tags(run, [])


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', "\x00\xff", "null"])
def test_a_file_that_makes_no_sense_holds_none(tmp_path: Path, text: str) -> None:
    run = write_run(tmp_path).path
    (run / "tags.json").write_text(text)
    assert read_tags(run) == ()


def test_what_is_no_text_in_the_list_is_left_out(tmp_path: Path) -> None:
    run = write_run(tmp_path).path
    (run / "tags.json").write_text('["a", 3, null, "b"]')
    assert read_tags(run) == ("a", "b")


@pytest.mark.parametrize("tag", ["", "  ", "a,b", "a\nb"])
def test_a_tag_that_an_editor_could_not_write_is_refused(tmp_path: Path, tag: str) -> None:
    run = write_run(tmp_path).path
    with pytest.raises(UserProblem, match="without a comma"):
        write_tags(run, ["good", tag])
    assert read_tags(run) == ()


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match=r"tags\.json must be a place that can be written"):
        write_tags(tmp_path / "gone", ["baseline"])
