"""Training on a kernel of a Jupyter server: the same run as here, through cut connections and killed kernels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.run.attaching import attach_run, stop_run
from declml.runs.alive import is_alive
from declml.runs.folder import open_run
from e2e.projects import CONFIG, SMALL_CONFIG, make_project

from .following import LONG, Event, Following, assert_whole, measured, there, waited_for_processor
from .jupyter import TOKEN, JupyterServer, jupyter_server
from .relay import Relay


@pytest.fixture
def relay(server: JupyterServer) -> Iterator[Relay]:
    line = Relay(server.port)
    yield line
    line.close()


def through(relay: Relay) -> str:
    return f"http://127.0.0.1:{relay.port}/?token={TOKEN}"


def test_a_run_there_is_the_run_here(tmp_path: Path, server: JupyterServer) -> None:
    project, other = make_project(tmp_path / "a", CONFIG), make_project(tmp_path / "b", CONFIG)
    told: list[Event] = []
    run = declml.train(project.config, runs=project.runs, kernel=server.url, on_event=told.append)
    here = declml.train(other.config, runs=other.runs, kernel="local")
    assert run.status == "finished"
    assert (run.id, run.record["weights"]) == (here.id, here.record["weights"])
    assert run.record["identity"] == here.record["identity"]
    assert run.taint() == []
    assert there(run).name == run.id
    assert_whole(run, told)
    assert declml.predict(run, project.data).equals(declml.predict(here, other.data))
    told.clear()
    again = declml.train(project.config, runs=project.runs, kernel=server.url, on_event=told.append)
    assert (again.id, again.reused, told) == (run.id, True, [])


def test_a_finished_run_that_only_the_server_has_is_brought(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    run = declml.train(project.config, runs=project.runs, kernel=server.url)
    run.path.rename(tmp_path / "lost")
    brought = declml.train(project.config, runs=project.runs, kernel=server.url)
    assert (brought.id, brought.reused, brought.status) == (run.id, True, "finished")
    assert brought.taint() == []
    assert brought.record["weights"] == run.record["weights"]


def test_the_record_has_the_git_state_of_the_project_here(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        told = subprocess.run(["git", "-C", tmp_path, *who, *arguments], capture_output=True, text=True, check=True)
        return told.stdout.strip()

    git("init", "--quiet")
    git("add", "shop.declml.yaml")
    git("commit", "--quiet", "--message", "first")
    project.config.write_text(project.config.read_text() + "# more\n")
    run = declml.train(project.config, runs=project.runs, kernel=server.url)
    assert run.record["git"]["commit"] == git("rev-parse", "HEAD")
    assert run.record["git"]["dirty"] is True
    assert "+# more" in (run.path / "git.diff").read_text()
    assert run.taint() == []
    (run.path / "git.diff").write_text("another")
    assert open_run(run.path).taint() == ["git.diff"]


def test_artifacts_that_are_declared_to_stay_do(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, SMALL_CONFIG + "kernel: {artifacts: stay}\n")
    run = declml.train(project.config, runs=project.runs, kernel=server.url)
    assert (run.status, run.taint()) == ("finished", [])
    assert not run.model.exists()
    assert any(name.startswith("model/") for name in run.record["stays"])
    assert (there(run) / "model").is_dir()


def test_a_mistake_in_the_data_is_told_as_here(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, SMALL_CONFIG.replace("name: size", "name: sizes"))
    with pytest.raises((ConfigProblems, UserProblem)) as remote:
        declml.train(project.config, runs=project.runs, kernel=server.url)
    with pytest.raises((ConfigProblems, UserProblem)) as local:
        declml.train(project.config, runs=project.runs, kernel="local")
    assert str(remote.value) == str(local.value)


def test_data_that_only_the_server_has_are_used_there(tmp_path: Path, server: JupyterServer) -> None:
    project, other = make_project(tmp_path / "a", SMALL_CONFIG), make_project(tmp_path / "b", SMALL_CONFIG)
    (server.root / "rows.csv").write_bytes(project.data.read_bytes())
    project.data.unlink()
    run = declml.train(project.config, runs=project.runs, kernel=server.url)
    here = declml.train(other.config, runs=other.runs, kernel="local")
    assert run.record["identity"] == here.record["identity"]
    assert run.record["weights"] == here.record["weights"]
    (server.root / "rows.csv").unlink()
    with pytest.raises(UserProblem, match=r"rows\.csv' must be a file"):
        declml.train(project.config, runs=project.runs, kernel=server.url)


def test_a_cut_line_is_mended_and_nothing_is_lost(tmp_path: Path, server: JupyterServer, relay: Relay) -> None:
    project, other = (make_project(tmp_path / name, LONG.replace("100000", "60")) for name in "ab")
    following = Following(project, through(relay))
    for count in (2, 10, 20):
        following.until(measured(count))
        relay.cut(refuse=count == 10)
        if count == 10:
            following.until(lambda it: "reconnecting" in it.notices)
            relay.mend()
    run = following.join()
    assert run.status == "finished"
    assert_whole(run, following.events)
    assert "reconnecting" in following.notices
    here = declml.train(other.config, runs=other.runs, kernel="local")
    assert run.record["weights"] == here.record["weights"]


def test_a_killed_kernel_is_noticed_and_the_run_goes_on(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, LONG)
    following = Following(project, server.url)
    following.until(measured(2))
    run = open_run(next((project.runs / "shop").iterdir()))
    began, waited = time.monotonic(), waited_for_processor()
    for each in server.kernels():
        os.kill(each, signal.SIGKILL)
    following.until(lambda it: any("does not answer" in each or "died" in each for each in it.notices))
    noticed = time.monotonic() - began
    assert noticed < 3.0 + max(0.0, waited_for_processor() - waited), noticed
    following.until(lambda it: any("died and was started again" in each for each in it.notices))
    seen = len(following.events)
    following.until(lambda it: len(it.events) > seen + 5)
    stopped = stop_run(run, now=False, on_notice=print)
    assert stopped.status == "interrupted"
    assert_whole(following.join(), following.events)


def test_a_kernel_that_its_server_gave_up_is_started_again(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", LONG)
    with jupyter_server(tmp_path / "server", restarts=0) as server:
        following = Following(project, server.url)
        following.until(measured(2))
        for each in server.kernels():
            os.kill(each, signal.SIGKILL)
        following.until(lambda it: any("died and was started again" in each for each in it.notices))
        seen = len(following.events)
        following.until(lambda it: len(it.events) > seen + 5)
        stop_run(open_run(next((project.runs / "shop").iterdir())), now=False, on_notice=print)
        run = following.join()
        assert run.status == "interrupted"
        assert_whole(run, following.events)


def test_a_stopped_run_goes_on_there_with_the_same_weights(tmp_path: Path, server: JupyterServer) -> None:
    config = LONG.replace("100000", "40")
    project, other = make_project(tmp_path / "a", config), make_project(tmp_path / "b", config)
    following = Following(project, server.url)
    following.until(measured(3))
    stop_run(open_run(next((project.runs / "shop").iterdir())), now=False, on_notice=print)
    first = following.join()
    assert first.status == "interrupted"
    told: list[Event] = []
    run = declml.train(project.config, runs=project.runs, kernel=server.url, resume=first.id, on_event=told.append)
    assert (run.id, run.status) == (first.id, "finished")
    assert_whole(run, [*following.events, *told])
    here = declml.train(other.config, runs=other.runs, kernel="local")
    assert run.record["weights"] == here.record["weights"]


def test_who_attaches_sees_everything_and_two_may(
    tmp_path: Path, server: JupyterServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path, LONG)
    following = Following(project, server.url)
    following.until(measured(2))
    monkeypatch.setenv("DECLML_KERNEL_TOKEN", TOKEN)  # no token is kept with a run
    run = open_run(next((project.runs / "shop").iterdir()))
    seen: list[Event] = []
    enough = threading.Event()

    def take(event: Event) -> None:
        seen.append(event)
        if len(seen) > 20:
            enough.set()

    ended: list[Any] = []
    watching = threading.Thread(target=lambda: ended.append(attach_run(run, take, print)), daemon=True)
    watching.start()
    assert enough.wait(60)
    stop_run(run, now=False, on_notice=print)
    watching.join(60)
    first = following.join()
    assert ended[0].run.status == first.status == "interrupted"
    assert_whole(first, following.events)
    assert_whole(first, seen)


def test_the_token_is_nowhere(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, LONG)
    following = Following(project, server.url)
    following.until(measured(2))
    lines = b"".join(each.read_bytes() for each in Path("/proc").glob("[0-9]*/cmdline") if each.exists())
    assert TOKEN.encode() not in lines
    stop_run(open_run(next((project.runs / "shop").iterdir())), now=True, on_notice=print)
    with pytest.raises(UserProblem):
        following.join()
    for folder in (project.folder, server.root):
        for each in folder.rglob("*"):
            assert not each.is_file() or TOKEN.encode() not in each.read_bytes(), each
    assert TOKEN not in server.log.read_text()
    assert TOKEN not in json.dumps([*following.events, *following.notices])


@pytest.mark.parametrize(("token", "said"), [("a-bad-one", "it refused it"), ("", "must be given a token; got none")])
def test_a_token_that_is_not_taken_is_one_sentence(
    tmp_path: Path, server: JupyterServer, token: str, said: str
) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    with pytest.raises(UserProblem, match=said) as caught:
        declml.train(project.config, runs=project.runs, kernel=f"http://localhost:{server.port}/?token={token}")
    assert caught.value.code == "kernel-token"
    assert token == "" or token not in f"{caught.value} {caught.value.hint}"
    assert not (project.runs / "shop").exists()


def test_a_ctrl_c_stops_the_run_there_and_it_can_go_on(tmp_path: Path, server: JupyterServer) -> None:
    project = make_project(tmp_path, LONG)
    told: list[Event] = []

    def take(event: Event) -> None:
        told.append(event)
        if sum(each["kind"] == "metrics" for each in told) == 3 and event["kind"] == "metrics":
            raise KeyboardInterrupt

    began = time.monotonic()
    run = declml.train(project.config, runs=project.runs, kernel=server.url, on_event=take)
    assert run.status == "interrupted"
    assert time.monotonic() - began < 60.0
    assert_whole(run, told)


def test_a_token_that_expired_meanwhile_is_one_sentence_and_the_run_goes_on(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", LONG)
    with jupyter_server(tmp_path / "server") as server:
        following = Following(project, server.url)
        following.until(measured(2))
        run = open_run(next((project.runs / "shop").iterdir()))
        server.stop(kill=True)
        server.token = "another-token-0123456789"
        server.start()
        with pytest.raises(UserProblem, match="it refused it") as caught:
            following.join()
        assert caught.value.code == "kernel-token"
        assert TOKEN not in f"{caught.value} {caught.value.hint}"
        process = open_run(run.path).record["remote"]["process"]
        assert is_alive(process)
        os.kill(process, signal.SIGKILL)


def test_a_kernel_gateway_without_files_does_as_well(tmp_path: Path) -> None:
    pytest.importorskip("kernel_gateway")
    project = make_project(tmp_path / "project", SMALL_CONFIG)
    told: list[Event] = []
    with jupyter_server(tmp_path / "gateway", module="kernel_gateway") as gateway:
        run = declml.train(project.config, runs=project.runs, kernel=gateway.url, on_event=told.append)
        assert (run.status, run.taint()) == ("finished", [])
        assert_whole(run, told)
