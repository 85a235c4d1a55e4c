"""The record names every file that says what a run was, so that a changed one is seen."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from declml.run.folder import RunFolder, create_run
from declml.run.ledger import Ledger
from declml.run.request import Request
from declml.runs.folder import open_run
from declml_schema.check import check

CONFIG = "input_features: [{name: a, type: number}]\noutput_features: [{name: b, type: binary}]\n"


def dirty_checkout(folder: Path) -> None:
    """Make a git checkout with one commit and a change on top."""
    act = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=n@example.org"]
    (folder / "config.yaml").write_text(CONFIG)
    for step in (["init", "-q"], ["add", "config.yaml"], ["commit", "-q", "-m", "first"]):
        subprocess.run([*act, *step], check=True)
    (folder / "config.yaml").write_text(CONFIG + "# more\n")


def ended(tmp_path: Path, status: str) -> RunFolder:
    """Return the folder of a run that ended, in a checkout with changes."""
    dirty_checkout(tmp_path)
    plan = check(CONFIG).plan
    assert plan is not None
    folder = create_run(tmp_path / "runs", "a", identity="abcd", config=CONFIG, plan=plan.as_json())
    request = Request(str(folder.path), str(tmp_path / "cache"), str(tmp_path), [], "0" * 64, {"plan": plan.identity})
    folder.request.write_text(json.dumps(request.as_json()))
    Ledger(folder, request).close(status, seconds=1.0, problem=None)
    return folder


@pytest.mark.parametrize("name", ["git.diff", "request.json", "config.yaml", "plan.json"])
def test_a_change_of_any_file_that_says_what_was_run_taints_a_finished_run(tmp_path: Path, name: str) -> None:
    folder = ended(tmp_path, "finished")
    assert open_run(folder.path).taint() == []
    file = folder.path / name
    file.write_text(file.read_text().replace("a", "b", 1))
    assert open_run(folder.path).taint() == [name]
    file.unlink()
    assert open_run(folder.path).taint() == [name]


def test_a_request_that_a_resumed_run_writes_anew_is_no_taint(tmp_path: Path) -> None:
    folder = ended(tmp_path, "interrupted")
    request = Request.read(folder.request)
    folder.request.write_text(json.dumps({**request.as_json(), "resume": True}))
    assert open_run(folder.path).taint() == []
    (folder.path / "git.diff").write_text("other")
    assert open_run(folder.path).taint() == ["git.diff"]
    Ledger(folder, Request.read(folder.request)).close("finished", seconds=1.0, problem=None)
    assert open_run(folder.path).taint() == []
