"""A client may be killed at any moment of its request: the run says what became of it, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import declml
from declml.errors import UserProblem
from declml.run.attaching import attach_run
from declml.runs.find import find
from declml.runs.folder import Run
from declml.runs.index import list_runs
from e2e.projects import SMALL_CONFIG, Project, make_project

from .following import Event, assert_whole
from .jupyter import TOKEN, JupyterServer

CLIENT = """
import os, signal, sys
from pathlib import Path
import declml
from declml.kernels.server_channel import ServerChannel
call = ServerChannel.call

def dying(self, act, *rest, **more):
    if act == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return call(self, act, *rest, **more)

ServerChannel.call = dying
declml.train(sys.argv[2], runs=sys.argv[3], kernel=sys.argv[4])
"""


def die_before(act: str, project: Project, server: JupyterServer) -> Run:
    """Train in a client that is killed when it is about to ask the kernel for ``act``."""
    command = [sys.executable, "-c", CLIENT, act, str(project.config), str(project.runs), server.address]
    ended = subprocess.run(command, env={**os.environ, "DECLML_KERNEL_TOKEN": TOKEN}, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL
    return find(project.runs, "latest")


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECLML_KERNEL_TOKEN", TOKEN)


def quiet(_text: str) -> None:
    """Tell nobody."""


def test_a_request_that_never_left_reads_as_interrupted_and_is_resumed_where_it_was_meant(
    tmp_path: Path, server: JupyterServer
) -> None:
    project, other = make_project(tmp_path / "a", SMALL_CONFIG), make_project(tmp_path / "b", SMALL_CONFIG)
    run = die_before("ask", project, server)
    assert (run.status, [each.status for each in list_runs(project.runs)]) == ("interrupted", ["interrupted"])
    told: list[Event] = []
    attached = attach_run(run, told.append, quiet)
    assert attached.sentence.startswith(f"Run {run.id} never began. Its request never arrived at 127.0.0.1:")
    assert (attached.run.status, attached.run.record["status"], told) == ("interrupted", "interrupted", [])
    with pytest.raises(UserProblem, match="must be resumed where its checkpoint is") as wrong:
        declml.train(project.config, runs=project.runs, kernel="local", resume=run.id)
    assert wrong.value.code == "resume-elsewhere"
    resumed = declml.train(project.config, runs=project.runs, resume=run.id, on_event=told.append)
    here = declml.train(other.config, runs=other.runs, kernel="local")
    assert (resumed.id, resumed.status, resumed.taint()) == (run.id, "finished", [])
    assert resumed.record["weights"] == here.record["weights"]
    assert_whole(resumed, told)


def test_a_request_that_arrived_is_trained_and_shown_whole_by_the_next_client(
    tmp_path: Path, server: JupyterServer
) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    run = die_before("answered", project, server)
    assert run.status == "running"
    told: list[Event] = []
    attached = attach_run(run, told.append, quiet)
    assert (attached.run.status, attached.run.taint()) == ("finished", [])
    assert_whole(attached.run, told)


def test_a_request_that_was_refused_after_its_client_died_says_so(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, SMALL_CONFIG.replace("rows.csv", "elsewhere.csv"))
    run = die_before("answered", project, server)
    attached = attach_run(run, lambda _event: None, quiet)
    assert attached.run.status == "failed"
    assert "elsewhere.csv' must be a file" in attached.sentence


def test_a_local_run_is_not_resumed_on_a_server(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, SMALL_CONFIG.replace("epochs: 3", "epochs: 2000, early_stop: -1"))

    told: list[Event] = []

    def press_control_c(event: Event) -> None:
        if event["kind"] == "metrics" and not told:
            told.append(event)
            raise KeyboardInterrupt

    stopped = declml.train(project.config, runs=project.runs, kernel="local", on_event=press_control_c)
    with pytest.raises(UserProblem, match="on this machine") as wrong:
        declml.train(project.config, runs=project.runs, kernel=server.url, resume=stopped.id)
    assert TOKEN not in f"{wrong.value} {wrong.value.hint}"
