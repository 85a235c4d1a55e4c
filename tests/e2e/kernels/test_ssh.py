"""Training on another machine's warm kernel through ssh: the same run, through broken connections."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import declml
from declml.errors import UserProblem
from declml.run.attaching import stop_run
from declml.runs.folder import open_run
from e2e.projects import SMALL_CONFIG, make_project

from .following import LONG, Event, Following, assert_whole, measured
from .jupyter import free_port
from .ssh_server import SshServer, kernels_in, ssh_server


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("ssh")) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DECLML_SSH", running.command)
        yield running


def test_a_run_there_is_the_run_here(tmp_path: Path, ssh: SshServer) -> None:
    project, other = make_project(tmp_path / "a", SMALL_CONFIG), make_project(tmp_path / "b", SMALL_CONFIG)
    told: list[Event] = []
    run = declml.train(project.config, runs=project.runs, kernel=ssh.address, on_event=told.append)
    here = declml.train(other.config, runs=other.runs, kernel="local")
    assert (run.status, run.taint()) == ("finished", [])
    assert (run.id, run.record["weights"]) == (here.id, here.record["weights"])
    assert_whole(run, told)


def test_a_cut_tunnel_and_a_killed_kernel_lose_nothing(tmp_path: Path, ssh: SshServer) -> None:
    project = make_project(tmp_path, LONG)
    following = Following(project, ssh.address)
    following.until(measured(2))
    ssh.cut()
    following.until(lambda it: "connected again" in it.notices)
    seen = len(following.events)
    following.until(lambda it: len(it.events) > seen + 5)
    (kernel,) = kernels_in(ssh.folder / "k")
    os.kill(kernel, signal.SIGKILL)
    following.until(lambda it: any("died and was started again" in each for each in it.notices))
    seen = len(following.events)
    following.until(lambda it: len(it.events) > seen + 5)
    stop_run(open_run(next((project.runs / "shop").iterdir())), now=False, on_notice=print)
    run = following.join()
    assert run.status == "interrupted"
    assert_whole(run, following.events)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda address: address.replace("python", "pythn"), "kernel-without-declml"),
        (lambda address: f"ssh://nobody-there@{address.partition('@')[2]}", "kernel-token"),
        (lambda address: f"ssh://root@127.0.0.1:{free_port()}", "kernel-unreachable"),
        (lambda address: address.replace("ssh://", "ssh://-oProxyCommand=x@"), "kernel-address"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, ssh: SshServer, change: object, code: str) -> None:
    assert callable(change)
    project = make_project(tmp_path, SMALL_CONFIG)
    with pytest.raises(UserProblem) as caught:
        declml.train(project.config, runs=project.runs, kernel=change(ssh.address))
    assert caught.value.code == code, caught.value
