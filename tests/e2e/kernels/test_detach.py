"""``declml train --detach`` returns as soon as the run trains, on every kind of kernel, and says how to find it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.waiting import until

from declml.kernels.warm_kernel import local_kernels
from declml.runs.find import find
from e2e.projects import SMALL_CONFIG, Project, make_project

from .following import LONG
from .jupyter import TOKEN, JupyterServer
from .ssh_server import ssh_server


@pytest.fixture(scope="module", autouse=True)
def _end_kernels() -> Iterator[None]:
    yield
    for each in local_kernels():
        os.kill(each.pid, signal.SIGTERM)
    until(lambda: not local_kernels())


@pytest.fixture
def kernel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return what ``--kernel`` takes for a kind of kernel."""
    if request.param == "server":
        server: JupyterServer = request.getfixturevalue("server")
        yield server.address
    elif request.param == "ssh":
        with ssh_server(tmp_path_factory.mktemp("ssh")) as ssh, pytest.MonkeyPatch.context() as patch:
            patch.setenv("DECLML_SSH", ssh.command)
            yield ssh.address
    else:
        yield request.param


def declml(project: Project, *arguments: str) -> str:
    told = subprocess.run(
        [sys.executable, "-m", "declml.cli.main", *arguments, "--runs", str(project.runs)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "DECLML_KERNEL_TOKEN": TOKEN},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@pytest.mark.parametrize("kernel", ["local", "warm", "python3", "server", "ssh"], indirect=True)
def test_a_detached_run_trains_on_and_is_shown_and_stopped_by_others(tmp_path: Path, kernel: str) -> None:
    project = make_project(tmp_path, LONG)
    said = declml(project, "train", str(project.config), "--kernel", kernel, "--detach")
    run = find(project.runs, "latest")
    assert run.status == "running"
    assert f"Training run {run.id}" in said
    assert f"declml attach {run.id}" in said
    stopped = declml(project, "stop", run.id)
    assert f"Run {run.id} stopped; its checkpoint is kept." in stopped
    shown = declml(project, "attach", run.id)
    assert "was interrupted; its checkpoint is kept" in shown


def test_a_program_is_told_which_run_it_is(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    said = declml(project, "train", str(project.config), "--kernel", "local", "--detach", "--json")
    result = json.loads(said.splitlines()[-1])
    assert (result["kind"], result["status"]) == ("result", "running")
    shown = declml(project, "attach", result["run"])
    assert f"Finished run {result['run']}" in shown


def test_a_detached_run_with_nothing_to_do_says_so(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    declml(project, "train", str(project.config), "--kernel", "local")
    assert "Nothing changed" in declml(project, "train", str(project.config), "--kernel", "local", "--detach")
