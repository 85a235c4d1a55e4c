"""What a config needs beside it travels to the kernel by content: plug-ins, pretrained folders, pinned data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.run.files import file_hash
from e2e import test_plugins, test_pretrained
from e2e.projects import SMALL_CONFIG, make_project, rows

from .jupyter import JupyterServer

mini = test_pretrained.mini


def test_a_plugin_travels_with_its_config(tmp_path: Path, server: JupyterServer) -> None:
    projects = [make_project(tmp_path / name, test_plugins.CONFIG) for name in "ab"]
    for each in projects:
        (each.folder / "ours.py").write_text(test_plugins.PLUGIN)
    there = declml.train(projects[0].config, runs=projects[0].runs, kernel=server.url)
    here = declml.train(projects[1].config, runs=projects[1].runs, kernel="local")
    assert there.record["weights"] == here.record["weights"]
    assert there.record["identity"] == here.record["identity"]
    assert there.taint() == []
    (projects[0].folder / "ours.py").unlink()
    assert declml.predict(there, projects[0].data).height == 400


@pytest.mark.parametrize("name", ["mini", "../models/mini"])
def test_a_pretrained_folder_travels_under_its_name(
    tmp_path: Path, server: JupyterServer, mini: Path, name: str
) -> None:
    config = test_pretrained.CONFIG.replace("path: mini", f"path: {name}")
    projects = [make_project(tmp_path / folder / "project", config, data=rows(100)) for folder in "ab"]
    for each in projects:
        shutil.copytree(mini, each.folder / name)
    there = declml.train(projects[0].config, runs=projects[0].runs, kernel=server.url)
    here = declml.train(projects[1].config, runs=projects[1].runs, kernel="local")
    assert there.record["identity"] == here.record["identity"]
    assert there.record["weights"] == here.record["weights"]


def test_a_pretrained_folder_by_an_absolute_path_is_refused_with_a_way_out(
    tmp_path: Path, server: JupyterServer, mini: Path
) -> None:
    project = make_project(tmp_path, test_pretrained.CONFIG.replace("path: mini", f"path: {mini}"), data=rows(100))
    with pytest.raises(UserProblem, match="relative to the config") as caught:
        declml.train(project.config, runs=project.runs, kernel=server.url)
    assert caught.value.code == "kernel-absolute-path"


def test_pinned_data_are_checked_wherever_they_lie(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path)
    good, bad = file_hash(project.data), "0" * 64
    for digest, here in ((good, True), (bad, True), (bad, False), (good, False)):
        text = SMALL_CONFIG.replace("{source: rows.csv}", f"{{source: rows.csv, sha256: '{digest}'}}")
        project.config.write_text(text)
        if not here and project.data.exists():
            project.data.rename(server.root / "rows.csv")
        if digest == bad:
            with pytest.raises((ConfigProblems, UserProblem), match=r"data\.sha256 must be"):
                declml.train(project.config, runs=project.runs, kernel=server.url, again=True)
        else:
            assert declml.train(project.config, runs=project.runs, kernel=server.url, again=True).status == "finished"
    (server.root / "rows.csv").unlink()


def test_rows_in_memory_travel_too(tmp_path: Path, server: JupyterServer) -> None:
    project, other = make_project(tmp_path / "a", SMALL_CONFIG), make_project(tmp_path / "b", SMALL_CONFIG)
    there = declml.train(project.config, dataset=rows(200), runs=project.runs, kernel=server.url)
    here = declml.train(other.config, dataset=rows(200), runs=other.runs, kernel="local")
    assert there.record["weights"] == here.record["weights"]
