"""A training process is followed to its end, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from declml.kernels.local import Launched, attach, follow, interrupt, launch
from declml.kernels.start import environment_of
from declml.kernels.warm import WARM_PARENT, Forked, WarmParent

WORKER = """
import json, os, signal, sys, time
request = json.load(open(sys.argv[1]))
events = open(request["events"], "a", buffering=1)
def say(kind, **fields):
    events.write(json.dumps({"seq": 0, "time": 0.0, "kind": kind, **fields}) + "\\n")
print("a line for the log")
say("run_started", run="0001-aaaa", experiment="e", process=os.getpid(), resumed_from_step=None)
"""


@pytest.fixture(params=["anew", "forked"])
def start(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start a real worker whose last lines are given, in both ways that there are; none is left alive."""
    launched: list[Launched] = []
    parent = None
    if request.param == "forked":
        parent = WarmParent("json", environment=environment_of({"PYTHONPATH": str(tmp_path)}))
        monkeypatch.setenv(WARM_PARENT, parent.address)

    def begin(body: str, *, read_to: int = 0, **environment: str) -> Launched:
        (tmp_path / "small_worker.py").write_text(WORKER + body)
        launched.append(
            launch(
                {"events": str(tmp_path / "events.jsonl")},
                folder=tmp_path,
                module="small_worker",
                environment={"PYTHONPATH": str(tmp_path), **environment},
                read_to=read_to,
            )
        )
        assert isinstance(launched[-1].process, Forked) == (parent is not None)
        return launched[-1]

    yield begin
    for each in launched:
        if not each.ended():
            interrupt(each.pid, again=True)
        each.process.wait(30)
    if parent is not None:
        parent.close()


def test_events_are_told_in_order_until_the_run_is_finished(tmp_path: Path, start: Any) -> None:
    launched = start(
        "say('log', level='info', message='é')\nsay('run_finished', status='finished', seconds=1.0, message='ok')"
    )
    seen: list[Mapping[str, Any]] = []
    outcome = follow(tmp_path / "events.jsonl", launched, seen.append)
    assert [each["kind"] for each in seen] == ["run_started", "log", "run_finished"]
    assert (outcome.status, outcome.message, outcome.exit_code) == ("finished", "ok", 0)
    assert (tmp_path / "worker.log").read_text() == "a line for the log\n"
    assert json.loads((tmp_path / "request.json").read_text()) == {"events": str(tmp_path / "events.jsonl")}


def test_a_process_that_fails_without_a_word_gives_its_exit_code_and_log(tmp_path: Path, start: Any) -> None:
    launched = start("sys.exit('something broke')")
    outcome = follow(tmp_path / "events.jsonl", launched)
    assert (outcome.status, outcome.exit_code, outcome.signal) == ("killed", 1, None)
    assert outcome.log_tail == "a line for the log\nsomething broke"
    assert "exit code 1" in outcome.message


def test_a_killed_process_gives_its_signal(tmp_path: Path, start: Any) -> None:
    launched = start("os.kill(os.getpid(), signal.SIGKILL)")
    outcome = follow(tmp_path / "events.jsonl", launched)
    assert (outcome.exit_code, outcome.signal) == (-9, "SIGKILL")
    assert "memory" in outcome.message


def test_a_worker_that_never_wrote_an_event_ends_the_wait(tmp_path: Path) -> None:
    launched = launch({}, folder=tmp_path, module="no_such_module_at_all")
    outcome = follow(tmp_path / "events.jsonl", launched)
    assert outcome.exit_code == 1
    assert "no_such_module_at_all" in outcome.log_tail


def test_ctrl_c_asks_first_and_following_goes_on_where_it_stopped(tmp_path: Path, start: Any) -> None:
    launched = start(
        "try:\n"
        "    say('log', level='info', message='ready')\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    say('checkpoint', step=7, best=False)\n"
        "    say('run_finished', status='interrupted', seconds=1.0, message='stopped')\n"
    )
    seen: list[str] = []

    def stop_at_ready(event: Mapping[str, Any]) -> None:
        seen.append(event["kind"])
        if event["kind"] == "log":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow(tmp_path / "events.jsonl", launched, stop_at_ready)
    assert interrupt(launched.pid)
    outcome = follow(tmp_path / "events.jsonl", launched, lambda event: seen.append(event["kind"]))
    assert seen == ["run_started", "log", "checkpoint", "run_finished"]
    assert outcome.status == "interrupted"


def test_asking_again_kills_the_process_and_its_children(tmp_path: Path, start: Any) -> None:
    launched = start(
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "say('log', level='info', message=str(child.pid))\n"
        "time.sleep(60)\n"
    )
    children: list[int] = []

    def stop(event: Mapping[str, Any]) -> None:
        if event["kind"] == "log":
            children.append(int(event["message"]))
            assert interrupt(launched.pid)
            assert interrupt(launched.pid, again=True)

    outcome = follow(tmp_path / "events.jsonl", launched, stop)
    assert outcome.signal == "SIGKILL"
    wait_until_gone(children[0])
    assert not interrupt(launched.pid)


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 30
    handle = attach(pid, folder=Path())
    while not handle.ended():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_ctrl_c_in_the_terminal_does_not_reach_the_process(start: Any) -> None:
    launched = start("time.sleep(60)")
    assert os.getsid(launched.pid) == launched.pid
    assert os.getsid(launched.pid) != os.getsid(0)


def test_a_process_gets_quiet_threads_and_no_module_of_the_working_folder(
    tmp_path: Path, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.chdir(work)
    names = ("OMP_WAIT_POLICY", "KMP_BLOCKTIME", "EXTRA")
    launched = start(
        f"say('log', level='info', message=' '.join(os.environ[n] for n in {names}))\n"
        "say('run_finished', status='finished', seconds=1.0, message='')",
        EXTRA="mine",
    )
    said: list[str] = []
    follow(tmp_path / "events.jsonl", launched, lambda event: said.append(event.get("message", "")))
    assert "PASSIVE 0 mine" in said


def test_a_run_that_goes_on_does_not_tell_its_old_events_again(tmp_path: Path, start: Any) -> None:
    path = tmp_path / "events.jsonl"
    end = "say('run_finished', status='{}', seconds=1.0, message='')"
    follow(path, start(end.format("interrupted")))
    again = start(end.format("finished"), read_to=path.stat().st_size)
    statuses: list[str | None] = []
    outcome = follow(path, again, lambda event: statuses.append(event.get("status")))
    assert statuses == [None, "finished"]
    assert outcome.status == "finished"


def test_a_process_that_somebody_else_started_can_be_followed(tmp_path: Path, start: Any) -> None:
    started = start("time.sleep(0.05)\nsay('run_finished', status='finished', seconds=1.0, message='')")
    outcome = follow(tmp_path / "events.jsonl", attach(started.pid, folder=tmp_path))
    assert (outcome.status, outcome.exit_code) == ("finished", None)


def test_a_followed_process_of_somebody_else_that_vanishes_ends_the_wait(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    handle = attach(process.pid, folder=tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert follow(tmp_path / "events.jsonl", handle).status == "killed"
