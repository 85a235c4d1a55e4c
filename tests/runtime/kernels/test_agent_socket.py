"""An agent in a process of its own answers its clients, feeds them what is written, and survives their faults."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.waiting import until

from declml.kernels.channel import ActFailed, ChannelLost, Hint
from declml.kernels.stream_channel import StreamChannel, connect
from declml.kernels.turns import Turns

SERVE = """
import sys, threading
from declml.kernels import warm_keep
warm_keep.MODULES, warm_keep.LATER = ("json",), ()  # what a training needs takes seconds and says nothing here
from declml.kernels.agent import agent
from declml.kernels.agent_socket import serve
agent().on_end(lambda: __import__("os")._exit(0))
serve(sys.argv[1])
threading.Event().wait()
"""

SLEEPER = "import sys, time; print('hello'); sys.stdout.flush(); time.sleep(600)"


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    folder = tmp_path_factory.mktemp("agent")
    address = str(folder / "agent")
    (folder / "sleeper.py").write_text(SLEEPER)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, address], env={**os.environ, "PYTHONPATH": str(folder)}, stdin=subprocess.DEVNULL
    )
    until(lambda: Path(address).exists())
    yield process, address
    process.terminate()
    process.wait(30)


@pytest.fixture
def channel(agent: tuple[subprocess.Popen[bytes], str]) -> Iterator[StreamChannel]:
    opened = connect(agent[1], label="test")
    yield opened
    opened.close()


def test_only_its_user_may_open_the_socket(agent: tuple[subprocess.Popen[bytes], str]) -> None:
    assert stat.S_IMODE(Path(agent[1]).stat().st_mode) == 0o600


def test_it_tells_what_it_is(channel: StreamChannel, agent: tuple[subprocess.Popen[bytes], str]) -> None:
    about = channel.call("about", {})
    assert about["pid"] == agent[0].pid
    assert about["executable"] == sys.executable
    assert about["free_bytes"] > 0


@pytest.mark.parametrize(
    ("act", "arguments", "said"),
    [("dance", {}, "no act 'dance'"), ("ended", {"pip": 1}, "unexpected keyword"), ("launch", {}, "missing")],
)
def test_what_it_cannot_do_is_one_sentence(channel: StreamChannel, act: str, arguments: object, said: str) -> None:
    with pytest.raises(ActFailed, match=said):
        channel.call(act, arguments)  # type: ignore[arg-type]
    assert channel.call("running", {}) == []


def test_a_process_is_launched_listed_stopped_and_its_exit_code_told(channel: StreamChannel, tmp_path: Path) -> None:
    log = tmp_path / "log"
    asked = {"module": "sleeper", "argument": "x", "log": str(log), "label": "sleeps"}
    launched = channel.call("launch", asked, timeout_seconds=60)
    pid = launched["pid"]
    assert launched["warm"] is True
    assert [each["label"] for each in channel.call("running", {})] == ["sleeps"]
    assert channel.call("ended", {"pid": pid}) == {"ended": False, "code": None}
    until(lambda: log.exists() and log.read_text() == "hello\n")
    assert channel.call("stop", {"pid": pid, "again": True}) is True
    assert until(lambda: channel.call("ended", {"pid": pid})["ended"])
    assert channel.call("ended", {"pid": pid}) == {"ended": True, "code": -signal.SIGKILL}
    assert channel.call("stop", {"pid": pid}) is False
    assert channel.call("running", {}) == []


def test_a_launch_after_the_warm_parent_was_killed_has_a_new_one(channel: StreamChannel, tmp_path: Path) -> None:
    asked = {"module": "sleeper", "argument": "x", "log": str(tmp_path / "log")}

    def launch() -> tuple[int, int]:
        pid = channel.call("launch", asked, timeout_seconds=60)["pid"]
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        channel.call("stop", {"pid": pid, "again": True})
        return pid, parent

    _, first = launch()
    os.kill(first, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{first}").exists() or "Z" in Path(f"/proc/{first}/stat").read_text())
    _, second = launch()
    assert second != first


def test_all_that_is_appended_is_fed_in_whole_lines_and_the_end_is_told(channel: StreamChannel, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nwith open(sys.argv[1], 'ab', buffering=0) as file:\n"
            "    for index in range(2000): file.write(b'{\"seq\": %d}\\n' % index)\n    file.write(b'{\"torn')",
            str(path),
        ]
    )
    hints: list[Hint] = []
    ended = threading.Event()

    def take(hint: Hint) -> None:
        hints.append(hint)
        if hint.ended:
            ended.set()

    channel.follow(str(path), 0, writer.pid, take)
    writer.wait(30)
    assert ended.wait(30)
    told = b"".join(each.data for each in hints)
    assert [json.loads(line)["seq"] for line in told.splitlines()] == list(range(2000))
    assert [each.offset for each in hints[1:]] == [each.size for each in hints[:-1]]


def test_news_too_many_to_carry_are_named_and_read(channel: StreamChannel, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = b'{"text": "' + b"x" * 1000 + b'"}\n'
    path.write_bytes(line * 1000)
    hints: list[Hint] = []
    told = threading.Event()
    channel.follow(str(path), 0, os.getpid(), lambda hint: (hints.append(hint), told.set()))
    assert told.wait(30)
    assert (hints[0].offset, hints[0].size, hints[0].data) == (0, len(line) * 1000, b"")
    found = b""
    while part := channel.read(str(path), len(found), 300_000):
        found += part
    assert found == path.read_bytes()
    assert channel.read(str(tmp_path / "absent"), 0, 10) == b""


def test_a_client_that_talks_nonsense_costs_nobody_else_anything(
    agent: tuple[subprocess.Popen[bytes], str], channel: StreamChannel
) -> None:
    for nonsense in (
        b"GET / HTTP/1.1\r\nHost: evil\r\n\r\n",
        b"[1]\n",
        b'{"blobs": [-5]}\n',
        b'{"act": 7}\n',
        b"\xff\n",
    ):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(agent[1])
            stranger.sendall(nonsense)
            stranger.shutdown(socket.SHUT_WR)
            stranger.recv(65_536)
    assert channel.call("running", {}) == []


def test_a_kernel_that_dies_is_noticed_at_once(tmp_path: Path) -> None:
    address = str(tmp_path / "agent")
    process = subprocess.Popen([sys.executable, "-c", SERVE, address], stdin=subprocess.DEVNULL)
    until(lambda: Path(address).exists())
    lost = threading.Event()
    channel = connect(address, label="doomed", lost=lost.set)
    channel.call("running", {})
    process.kill()
    process.wait(30)
    assert lost.wait(3)
    assert channel.gone
    with pytest.raises(ChannelLost, match="doomed"):
        channel.call("running", {})
    channel.close()


def test_turns_are_first_come_first_served_and_who_left_is_passed_over() -> None:
    turns = Turns()
    assert turns.ahead("a") == []
    assert turns.ahead("b") == ["a"]
    assert turns.ahead("c") == ["a", "b"]
    turns.leave("a")
    assert turns.ahead("c") == ["b"]
    assert turns.ahead("b") == []
