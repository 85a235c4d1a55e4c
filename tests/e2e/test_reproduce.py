"""A run is retrained from what it kept itself: its plan and its plug-ins, wherever the config and they are now."""

from __future__ import annotations

from pathlib import Path

import pytest

import declml
from declml.errors import UserProblem

from .projects import make_project
from .test_plugins import CONFIG, PLUGIN


def test_a_run_is_reproduced_with_its_own_copy_of_a_plugin(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG)
    (tmp_path / "ours.py").write_text(PLUGIN)
    run = declml.train(project.config, runs=project.runs)
    (tmp_path / "ours.py").write_text(PLUGIN.replace("torch.sin", "torch.cos"))
    again = declml.reproduce(run, runs=project.runs)
    assert again.identical
    assert again.run.record["identity"] == run.record["identity"]
    # A repetition can be repeated, also when the project has lost the file.
    (tmp_path / "ours.py").unlink()
    assert declml.reproduce(again.run, runs=project.runs).identical


def test_a_run_whose_copy_of_a_plugin_was_touched_is_not_reproduced(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG)
    (tmp_path / "ours.py").write_text(PLUGIN)
    run = declml.train(project.config, runs=project.runs)
    (run.model / "code" / "ours.py").write_text(PLUGIN.replace("torch.sin", "torch.cos"))
    with pytest.raises(UserProblem, match=r"ours\.py"):
        declml.reproduce(run, runs=project.runs)


def test_plugins_of_one_name_in_two_folders_are_two_plugins(tmp_path: Path) -> None:
    encoder, metric = PLUGIN.split("def build_missed")
    project = make_project(tmp_path, CONFIG.replace("code: ours.py", "code: [a/ours.py, b/ours.py]"))
    head = '"""A metric."""\nfrom declml_schema.declare import Component\n\n\ndef build_missed'
    for name, source in (("a", encoder), ("b", head + metric)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ours.py").write_text(source)
    run = declml.train(project.config, runs=project.runs)
    assert set(run.record["plugins"]) == {"a/ours.py", "b/ours.py"}
    assert declml.predict(run, project.data).height == 400
    assert declml.reproduce(run, runs=project.runs).identical
    (tmp_path / "a" / "ours.py").write_text(encoder.replace("torch.sin", "torch.cos"))
    assert not declml.train(project.config, runs=project.runs).reused
