"""Two processes never train one run at once: the second is refused, says who is at work, and touches nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.waiting import until

from declml.errors import UserProblem
from declml.kernels.channel import Channel, ChannelLost
from declml.kernels.local import Launched
from declml.kernels.start import Child, Process, start
from declml.run.config import Config
from declml.run.folder import RunFolder
from declml.run.launching import Launch, Started, begun_run, follow_run, start_run
from declml.run.ledger import Ledger
from declml.run.lock import require_free, take_lock
from declml.run.request import TAKEN_EXIT, Request
from declml.run.worker import INTERRUPTED
from declml_schema.check import check

CONFIG = "input_features: [{name: a, type: number}]\noutput_features: [{name: b, type: number}]\n"

HOLDER = """
import sys
from pathlib import Path
from declml.run.folder import RunFolder
from declml.run.lock import take_lock
lock = take_lock(RunFolder(Path(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""


def launch_of(tmp_path: Path) -> Launch:
    (tmp_path / "rows.csv").write_text("a,b\n" + "1,2\n3,4\n" * 20)
    plan = check(CONFIG).plan
    assert plan is not None
    config = Config(CONFIG, "<text>", None)
    return Launch(config, plan, str(tmp_path / "rows.csv"), tmp_path / "runs", tmp_path / "cache", "a")


def interrupted(tmp_path: Path) -> tuple[RunFolder, Request]:
    """Return the folder of a run that was interrupted, with the request that would resume it."""
    launch = launch_of(tmp_path)
    source = launch.source()
    identity = launch.identity(source, {})
    folder = RunFolder(tmp_path / "runs" / "a" / "0001-abcd")
    folder.path.mkdir(parents=True)
    folder.config.write_text(CONFIG)
    folder.plan.write_text(json.dumps(launch.plan.as_json()))
    folder.events.write_text("")
    request = Request(
        str(folder.path), str(launch.cache), str(tmp_path), [str(tmp_path / "rows.csv")], source.sha256, identity
    )
    Ledger(folder, request).close("interrupted", seconds=1.0, problem=None)
    return folder, request


def test_a_lock_is_held_once_and_free_again_when_it_is_released(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    first = take_lock(folder, wait_seconds=0)
    assert first is not None
    assert take_lock(folder, wait_seconds=0) is None
    with pytest.raises(UserProblem, match=f"which process {os.getpid()} trains"):
        require_free(folder)
    first.release()
    require_free(folder)
    require_free(folder)


def test_a_lock_goes_with_the_process_that_held_it(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(UserProblem, match=f"which process {holder.pid} trains") as caught:
            require_free(RunFolder(tmp_path))
        assert caught.value.code == "run-running"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        require_free(RunFolder(tmp_path))


def test_a_run_that_a_process_holds_is_not_resumed(tmp_path: Path) -> None:
    folder, _ = interrupted(tmp_path)
    lock = take_lock(folder)
    assert lock is not None
    with pytest.raises(UserProblem, match="0001-abcd, which process"):
        start_run(launch_of(tmp_path), resume="0001-abcd")
    assert not folder.request.exists()
    lock.release()


def test_a_training_process_that_comes_second_touches_nothing_and_its_caller_is_told(tmp_path: Path) -> None:
    folder, request = interrupted(tmp_path)
    folder.request.write_text(json.dumps({**request.as_json(), "resume": True}))
    folder.events.write_text('{"seq": 0, "half a li')
    before = {each.name: each.read_bytes() for each in folder.path.iterdir() if each.is_file()}
    lock = take_lock(folder)
    assert lock is not None
    process = Child([sys.executable, "-P", "-m", "declml.run.worker", str(folder.request)], stderr=subprocess.PIPE)
    said = process.communicate()[1].decode()
    assert process.returncode == TAKEN_EXIT
    assert f"which process {os.getpid()} trains" in said
    after = {each.name: each.read_bytes() for each in folder.path.iterdir() if each.is_file() and each != folder.lock}
    assert after == {name: content for name, content in before.items() if name != folder.lock.name}
    launched = Launched(process.pid, folder.path / "worker.log", process)
    with pytest.raises(UserProblem, match=f"which process {os.getpid()} trains"):
        follow_run(Started(folder, launched, Config(CONFIG, "<text>", None)))
    lock.release()


EARLY = """
import os, signal, sys
from declml.run import worker
locked = worker.take_lock
def stopped_meanwhile(folder):
    os.kill(os.getpid(), signal.SIGINT)
    return locked(folder)
worker.take_lock = stopped_meanwhile
sys.exit(worker.main(sys.argv[1]))
"""


def test_a_stop_that_comes_before_the_record_is_open_is_told_in_it(tmp_path: Path) -> None:
    folder, request = interrupted(tmp_path)
    folder.request.write_text(json.dumps({**request.as_json(), "resume": True}))
    process = Child([sys.executable, "-P", "-c", EARLY, str(folder.request)], stderr=subprocess.PIPE)
    said = process.communicate()[1].decode()
    assert (process.returncode, said) == (INTERRUPTED, "")
    assert json.loads(folder.record.read_text())["status"] == "interrupted"
    last = json.loads(folder.events.read_text().splitlines()[-1])
    assert (last["kind"], last["status"]) == ("run_finished", "interrupted")


class DyingKernel:
    """A kernel that starts what it is asked to and dies before it can say so; ``seen`` is what happens first."""

    label, gone = "warm", True

    def __init__(self, folder: Path, *, seen: str) -> None:
        self.folder, self.seen, self.started = folder, seen, list[Process]()

    def call(self, act: str, arguments: Mapping[str, Any], **_: Any) -> Any:
        if act != "launch":
            raise ChannelLost("it died")
        with Path(arguments["log"]).open("ab") as log:
            process = start(
                arguments["module"], arguments["argument"], output=log, errors=log,
                environment=arguments["environment"],
            )  # fmt: skip
        self.started.append(process)
        until(lambda: any(self.seen in each.read_text() for each in self.folder.glob("runs/a/*/events.jsonl")))
        raise ChannelLost("it died")


@pytest.mark.parametrize("seen", ["stage_started", "run_finished"])
def test_a_kernel_that_dies_before_it_answers_leaves_one_training(tmp_path: Path, seen: str) -> None:
    kernel = DyingKernel(tmp_path, seen=seen)
    told: list[int] = []
    launch = replace(launch_of(tmp_path), kernel=lambda: cast("Channel", kernel))
    run = follow_run(start_run(launch), lambda event: told.append(event["seq"]))
    (process,) = kernel.started
    assert (run.status, run.record["process"], process.wait()) == ("finished", process.pid, 0)
    assert told == list(range(len(told)))
    assert run.events.read_text().count("run_started") == 1


def test_a_training_of_a_kernel_that_died_is_followed_from_its_beginning(tmp_path: Path) -> None:
    kernel = DyingKernel(tmp_path, seen="stage_started")
    started = start_run(replace(launch_of(tmp_path), kernel=lambda: cast("Channel", kernel)))
    assert begun_run(started).record["process"] == kernel.started[0].pid
    assert follow_run(started).status == "finished" and kernel.started[0].wait() == 0
