"""Kernels that declml started on a server end when nobody needs them, and when they are told to; runs go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.waiting import until

import declml
from declml.cli.main import cli
from declml.runs.find import find
from e2e.projects import SMALL_CONFIG, make_project

from .following import LONG, Following, assert_whole, measured
from .jupyter import TOKEN, JupyterServer, jupyter_server


def test_an_idle_kernel_of_a_server_is_ended_and_the_next_training_starts_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECLML_KERNEL_IDLE_SECONDS", "1")
    project = make_project(tmp_path / "project", SMALL_CONFIG)
    with jupyter_server(tmp_path / "server") as server:
        for _ in range(2):
            assert declml.train(project.config, runs=project.runs, kernel=server.url, again=True).status == "finished"
            until(lambda: not server.kernels(), seconds=120)


def test_a_kernel_of_a_server_is_stopped_unless_it_trains(
    tmp_path: Path, server: JupyterServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECLML_KERNEL_TOKEN", TOKEN)
    project = make_project(tmp_path, LONG)
    following = Following(project, server.url)
    following.until(measured(2))

    def stop(*arguments: str) -> str:
        said = CliRunner().invoke(cli, ["kernels", "stop", *arguments])
        assert said.exit_code == 0, said.output
        return said.output

    assert "is training" in stop(server.url)
    assert server.kernels()
    assert "Ended" in stop(server.address, "--now")
    seen = len(following.events)
    following.until(lambda it: len(it.events) > seen + 5)
    told = CliRunner().invoke(cli, ["stop", find(project.runs, "latest").id, "--runs", str(project.runs)])
    assert told.exit_code == 0, told.output
    assert_whole(following.join(), following.events)
    assert "Ended" in stop(server.url)
    until(lambda: not server.kernels())
    assert "No kernel" in stop(server.address)
    assert TOKEN not in stop(server.url)
