"""The warm kernel of a user: real, started once, at work for every training after, and never in the way of a result."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import until

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.kernels.channel import ChannelLost
from declml.kernels.local import interrupt
from declml.kernels.stream_channel import connect
from declml.kernels.warm_kernel import LocalKernel, local_kernels
from declml.runs.find import find
from declml_schema.events import read_events

from .projects import CONFIG, SMALL_CONFIG, Project, make_project
from .test_plugins import PLUGIN
from .warm import cold

LONG = CONFIG.replace("epochs: 4", "epochs: 400")


@pytest.fixture(scope="module")
def kernels() -> Iterator[None]:
    """Let trainings use the warm kernel, one of the tests' own, and end it afterwards."""
    with cold():
        yield
        end_all()


def end_all() -> None:
    for each in local_kernels():
        os.kill(each.pid, signal.SIGTERM)
    until(lambda: not local_kernels())


def kernel() -> LocalKernel:
    (found,) = local_kernels()
    return found


pytestmark = pytest.mark.usefixtures("kernels")


def test_a_run_on_a_kernel_is_the_run_without_one_and_the_second_is_forked(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG)
    weights = declml.train(project.config, runs=project.runs, kernel="local").record["weights"]
    said: list[str] = []
    for _ in range(2):
        run = declml.train(project.config, runs=project.runs, kernel="warm", again=True, on_notice=said.append)
        assert (run.status, run.record["weights"], run.record["kernel"]) == ("finished", weights, "warm")
    assert said == []
    with kernel_channel() as channel:
        assert channel.call("running", {}) == []
        assert channel.call("ended", {"pid": run.record["process"]}) == {"ended": True, "code": 0}


def test_its_files_are_its_users_alone_and_it_is_a_real_kernel() -> None:
    it = kernel()
    connection = it.folder / "kernel.json"
    assert stat.S_IMODE(it.folder.stat().st_mode) & 0o777 == 0o700
    assert stat.S_IMODE(connection.stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(it.address).stat().st_mode) == 0o600
    assert json.loads(connection.read_text())["transport"] == "ipc"
    listening = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=False).stdout
    assert f"pid={it.pid}," not in listening
    answer = subprocess.run(
        [sys.executable, "-c", _ASK, str(connection)], capture_output=True, text=True, timeout=60, check=True
    )
    assert answer.stdout == "42\n"


_ASK = """
import sys
from jupyter_client import BlockingKernelClient
client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels()
client.wait_for_ready(timeout=30)
client.execute_interactive("print(6 * 7)", timeout=30)
client.stop_channels()
"""


def test_the_kernel_dies_in_the_middle_and_the_run_goes_on(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG.replace("epochs: 4", "epochs: 12"))
    expected = declml.train(project.config, runs=project.runs, kernel="local").record["weights"]
    said: list[str] = []

    def kill(event: Mapping[str, Any]) -> None:
        if event["kind"] == "metrics" and event["epoch"] == 3 and not said:
            os.kill(kernel().pid, signal.SIGKILL)
            until(lambda: said, seconds=3)  # noticed within three seconds

    run = declml.train(
        project.config, runs=project.runs, kernel="warm", again=True, on_event=kill, on_notice=said.append
    )
    assert said == ["The kernel warm died, most often because memory ran out. The run goes on without it."]
    assert (run.status, run.record["weights"]) == ("finished", expected)


def test_a_plugin_edited_between_two_runs_is_read_anew(tmp_path: Path) -> None:
    config = SMALL_CONFIG.replace(
        "{name: size, type: number}", "{name: size, type: number, encoder: {type: wave, waves: 3}}"
    )
    project = make_project(tmp_path, config + "code: ours.py\n")
    weights = []
    for start in ("0.5", "0.75"):
        (tmp_path / "ours.py").write_text(PLUGIN.replace("linspace(0.5", f"linspace({start}"))
        weights.append(declml.train(project.config, runs=project.runs, kernel="warm").record["weights"])
        assert (
            weights[-1] == declml.train(project.config, runs=project.runs, kernel="local", again=True).record["weights"]
        )
    assert weights[0] != weights[1]


def test_a_run_whose_client_was_killed_is_found_whole_and_stopped_by_another(tmp_path: Path) -> None:
    project = make_project(tmp_path, LONG)
    client = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "declml.cli.main",
            "train",
            str(project.config),
            "--runs",
            str(project.runs),
            "--kernel",
            "warm",
        ],
        stdout=subprocess.PIPE,
    )
    assert client.stdout is not None
    with client.stdout as told:
        until(lambda: b"epoch 2/" in told.readline())
    client.kill()
    client.wait(30)
    run = find(project.runs, "latest")
    assert run.status == "running"
    stopped = _declml(project, "stop", run.id)
    assert f"Run {run.id} stopped; its checkpoint is kept." in stopped
    shown = _declml(project, "attach", run.id)
    assert "epoch 1/400" in shown
    assert "was interrupted; its checkpoint is kept" in shown
    sequence = [event["seq"] for _, event in read_events(run.events)]
    assert sequence == list(range(len(sequence)))
    assert (run.path / "checkpoints" / "latest.safetensors").exists()
    assert "Run" in _declml(project, "logs", run.id)


def _declml(project: Project, *arguments: str) -> str:
    told = subprocess.run(
        [sys.executable, "-m", "declml.cli.main", *arguments, "--runs", str(project.runs)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return told.stdout


def test_runs_that_queue_wait_for_their_turn(tmp_path: Path) -> None:
    first, second = make_project(tmp_path / "a", LONG), make_project(tmp_path / "b", SMALL_CONFIG)
    began, said = threading.Event(), []
    done: list[str] = []

    def train_first() -> None:
        declml.train(
            first.config,
            runs=first.runs,
            kernel="warm",
            on_event=lambda event: began.set() if event["kind"] == "metrics" else None,
        )
        done.append("first")

    thread = threading.Thread(target=train_first)
    thread.start()
    assert began.wait(120)

    def notice(text: str) -> None:
        said.append(text)
        interrupt(find(first.runs, "latest").record["process"])

    run = declml.train(
        second.config, runs=second.runs, kernel="warm", overrides={"kernel.queue": True}, on_notice=notice
    )
    thread.join()
    assert said == [f"Waiting behind run {find(first.runs, 'latest').id}."]
    assert run.status == "finished"
    assert run.record["started"] >= find(first.runs, "latest").record["finished"]


def test_runs_train_side_by_side_on_one_kernel(tmp_path: Path) -> None:
    projects = [make_project(tmp_path / name, LONG) for name in "ab"]
    both = threading.Barrier(3)
    statuses: list[str] = []

    def train(project: Project) -> None:
        met: list[bool] = []

        def meet(event: Mapping[str, Any]) -> None:
            if event["kind"] == "metrics" and not met:
                met.append(True)
                both.wait(120)  # the other one trains now
                both.wait(120)
                raise KeyboardInterrupt

        statuses.append(declml.train(project.config, runs=project.runs, kernel="warm", on_event=meet).status)

    threads = [threading.Thread(target=train, args=(each,)) for each in projects]
    for thread in threads:
        thread.start()
    both.wait(120)
    with kernel_channel() as channel:
        assert len(channel.call("running", {})) == 2
    both.wait(120)
    for thread in threads:
        thread.join()
    assert statuses == ["interrupted", "interrupted"]


def test_an_interrupt_leaves_a_checkpoint_in_two_seconds_and_a_second_one_ends_at_once(tmp_path: Path) -> None:
    project = make_project(tmp_path, LONG)
    pressed: list[float] = []

    def press(event: Mapping[str, Any], times: int) -> None:
        if len(pressed) < times and event["kind"] == "metrics" and event["epoch"] >= 2:
            pressed.append(time.monotonic() - stalled_seconds())
            raise KeyboardInterrupt

    run = declml.train(project.config, runs=project.runs, kernel="warm", on_event=lambda event: press(event, 1))
    took = time.monotonic() - stalled_seconds() - pressed[0]
    assert (run.status, (run.path / "checkpoints" / "latest.safetensors").exists()) == ("interrupted", True)
    assert took < 2.0, took
    pressed.clear()
    with pytest.raises(UserProblem, match="SIGKILL") as ended:
        declml.train(
            project.config, runs=project.runs, kernel="warm", again=True, on_event=lambda event: press(event, 2)
        )
    assert time.monotonic() - stalled_seconds() - pressed[1] < 1.0
    assert "--resume" in ended.value.hint


def stalled_seconds() -> float:
    """Return the seconds for which some process of this machine waited for a processor, as far as the system says."""
    try:
        total = Path("/proc/pressure/cpu").read_text().split()[4]
    except OSError:
        return 0.0
    return int(total.removeprefix("total=")) / 1e6


def test_a_gpu_that_is_not_there_is_a_problem_with_the_choices(tmp_path: Path) -> None:
    if subprocess.run(["which", "nvidia-smi"], capture_output=True, check=False).returncode == 0:
        pytest.skip("there is a GPU")
    project = make_project(tmp_path, SMALL_CONFIG.replace("threads: 1", "threads: 1, device: cuda"))
    with pytest.raises(ConfigProblems) as refused:
        declml.train(project.config, runs=project.runs, kernel="warm")
    problem = refused.value.problems[0]
    assert (problem.code, problem.path) == ("device-absent", "trainer.device")
    assert "'cuda'" in problem.message
    assert "cpu" in problem.hint


def test_it_ends_itself_when_nothing_is_asked_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECLML_KERNELS", str(tmp_path / "k"))
    monkeypatch.setenv("DECLML_KERNEL_IDLE_SECONDS", "0.2")
    project = make_project(tmp_path, SMALL_CONFIG)
    assert declml.train(project.config, runs=project.runs, kernel="warm").record["kernel"] == "warm"
    until(lambda: not any(each.is_dir() for each in (tmp_path / "k").iterdir()))
    assert not local_kernels()


def test_a_kernel_by_name_is_an_ordinary_one_and_a_wrong_name_has_the_nearest(tmp_path: Path) -> None:
    project = make_project(tmp_path, SMALL_CONFIG)
    run = declml.train(project.config, runs=project.runs, kernel="python3")
    assert (run.status, run.record["kernel"]) == ("finished", "python3")
    with pytest.raises(UserProblem, match="got 'pyhton3'") as wrong:
        declml.train(project.config, runs=project.runs, kernel="pyhton3", again=True)
    assert "Did you mean 'python3'?" in wrong.value.hint


class kernel_channel:
    """A channel to the warm kernel for the time of a `with`."""

    def __enter__(self) -> Any:
        it = next(each for each in local_kernels() if each.label == "warm")
        self._channel = connect(it.address, label=it.label)
        return self._channel

    def __exit__(self, *_: object) -> None:
        self._channel.close()


def test_a_socket_that_nobody_serves_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ChannelLost, match="gone"):
        connect(str(tmp_path / "agent"), label="old")
