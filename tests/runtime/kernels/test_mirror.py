"""The copy of a remote run is a prefix of it at each moment, whoever makes it and however often that is interrupted."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import until

from declml.kernels.channel import ActFailed
from declml.kernels.mirror import Copied, Mirror
from declml.kernels.stream_channel import StreamChannel, connect
from declml.kernels.travel import send

from .test_agent_socket import SERVE

COPY = """
import sys, threading
from pathlib import Path
from declml.kernels.mirror import Copied, Mirror
from declml.kernels.stream_channel import connect
address, there, here, pid = sys.argv[1:]
mirror = Mirror(connect(address, label="far"), Copied(there, Path(here), int(pid), {}), on_notice=print)
mirror.start()
mirror.complete.wait()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("far")
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(folder / "agent")], cwd=folder)
    until(lambda: (folder / "agent").exists())
    yield str(folder / "agent")
    process.terminate()
    process.wait(30)


@pytest.fixture
def channel(address: str) -> Iterator[StreamChannel]:
    opened = connect(address, label="far")
    yield opened
    opened.close()


class FarRun:
    """A run folder of the other side, written by a process that ends when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.events = (folder / "events.jsonl").open("ab", buffering=0)
        self.count = 0
        self.process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def say(self, events: int, width: int = 60) -> None:
        for _ in range(events):
            line = {"seq": self.count, "time": 0.0, "kind": "log", "level": "info", "message": "x" * width}
            self.events.write(json.dumps(line).encode() + b"\n")
            self.count += 1

    def end(self, **record: Any) -> None:
        self.events.close()
        text = json.dumps({"format": 1, "run": "0001-aaaa", "status": "finished", **record})
        (self.folder / "record.json").write_text(text)
        self.process.communicate(b"\n")

    def text(self) -> bytes:
        return (self.folder / "events.jsonl").read_bytes()


@pytest.fixture
def far(tmp_path: Path) -> Iterator[FarRun]:
    run = FarRun(tmp_path / "there")
    yield run
    run.events.close()
    run.process.kill()
    run.process.communicate()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def copying(channel: StreamChannel, far: FarRun, here: Path, **options: Any) -> Mirror:
    about = {"address": "ssh://far"}
    mirror = Mirror(channel, Copied(str(far.folder), here, far.process.pid, about, **options), on_notice=print)
    mirror.start()
    return mirror


def size(here: Path) -> int:
    return (here / "events.jsonl").stat().st_size if (here / "events.jsonl").exists() else 0


def test_a_copy_that_was_torn_goes_on_behind_the_tear(channel: StreamChannel, far: FarRun, here: Path) -> None:
    far.say(100)
    for cut in (1, 55, 1000, len(far.text()) - 3):
        (here / "events.jsonl").write_bytes(far.text()[:cut])
        mirror = copying(channel, far, here)
        until(lambda: size(here) == len(far.text()))
        mirror.close()
        assert (here / "events.jsonl").read_bytes() == far.text()


def test_a_flood_arrives_whole_though_no_hint_can_carry_it(channel: StreamChannel, far: FarRun, here: Path) -> None:
    mirror = copying(channel, far, here)
    before = forget_peak()
    far.say(50_000)
    far.say(3, width=700_000)  # each more than a hint carries
    far.end()
    assert mirror.complete.wait(120)
    grown = peak_bytes() - before
    assert mirror.failed is None
    assert (here / "events.jsonl").read_bytes() == far.text()
    assert grown < 64e6, f"{grown / 1e6:.0f} MB"
    mirror.close()


def forget_peak() -> int:
    """Begin to measure the most memory that this process holds, and return what it holds now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(each.split()[1]) * 1024 for each in lines if each.startswith("VmHWM"))


def test_an_unfinished_line_is_not_copied(channel: StreamChannel, far: FarRun, here: Path) -> None:
    mirror = copying(channel, far, here)
    far.say(1)
    whole = len(far.text())
    far.events.write(b'{"seq": 1, "ti')
    until(lambda: size(here) == whole)
    far.events.write(b'me": 0.0, "kind": "log"}\n')
    until(lambda: size(here) == len(far.text()))
    assert (here / "events.jsonl").read_bytes() == far.text()
    mirror.close()


def test_clients_that_are_killed_hand_over_without_a_trace(address: str, far: FarRun, here: Path) -> None:
    command = [sys.executable, "-c", COPY, address, str(far.folder), str(here), str(far.process.pid)]
    before = 0
    for _ in range(4):
        first, second = subprocess.Popen(command), subprocess.Popen(command)
        writing = threading.Thread(target=far.say, args=(20_000,))
        writing.start()
        until(lambda seen=before: size(here) > seen)
        for each in (first, second):
            each.kill()
            each.wait()
        writing.join()
        before = size(here)
        assert far.text().startswith((here / "events.jsonl").read_bytes())
    far.end()
    subprocess.run(command, check=True, timeout=60)
    assert (here / "events.jsonl").read_bytes() == far.text()


def test_outputs_are_fetched_from_where_an_earlier_client_stopped(
    channel: StreamChannel, far: FarRun, here: Path
) -> None:
    weights = os.urandom(9_000_000)
    (far.folder / "model").mkdir()
    (far.folder / "model" / "weights").write_bytes(weights)
    (here / "model").mkdir()
    (here / "model" / "weights.part").write_bytes(weights[:5_000_000])
    far.end(outputs={"model/weights": hashlib.sha256(weights).hexdigest()})
    mirror = copying(channel, far, here)
    assert mirror.complete.wait(60)
    assert mirror.failed is None
    assert (here / "model" / "weights").read_bytes() == weights
    record = json.loads((here / "record.json").read_text())
    assert record["remote"] == {
        "address": "ssh://far", "folder": str(far.folder), "process": far.process.pid, "whole": True,
    }  # fmt: skip
    mirror.close()


@pytest.mark.parametrize("name", ["../stolen", "/tmp/stolen", "model/../../stolen"])
def test_a_record_cannot_have_files_written_elsewhere(
    channel: StreamChannel, far: FarRun, here: Path, name: str
) -> None:
    far.end(outputs={name: "0" * 64})
    mirror = copying(channel, far, here)
    assert mirror.complete.wait(60)
    assert isinstance(mirror.failed, ActFailed)
    assert "must lie in its folder" in str(mirror.failed)
    mirror.close()


def test_only_what_is_lacking_is_sent(channel: StreamChannel, tmp_path: Path) -> None:
    content = os.urandom(10_000_000)
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    about = {"sha256": digest, "name": "rows.csv", "size": len(content)}
    assert channel.call("receive", {**about, "offset": 0}, blobs=[content[:3_000_000]]) == {
        "have": 3_000_000, "whole": False,
    }  # fmt: skip
    assert channel.call("lacking", {"files": {digest: "rows.csv"}}) == {digest: 3_000_000}
    assert send(channel, {"data": path}, on_notice=print) == {"data": f"{digest}/rows.csv"}
    assert channel.call("lacking", {"files": {digest: "rows.csv"}}) == {}
    (stored,) = channel.call("stored", {"places": [f"{digest}/rows.csv"]})
    assert Path(stored).read_bytes() == content


@pytest.mark.parametrize("name", ["../rows.csv", "a/b", "", "..", "/etc/rows"])
def test_a_file_can_be_sent_under_a_plain_name_alone(channel: StreamChannel, name: str) -> None:
    with pytest.raises(ActFailed, match="a plain name"):
        channel.call("receive", {"sha256": "0" * 64, "name": name, "offset": 0, "size": 1}, blobs=[b"x"])


def test_bytes_that_are_not_what_they_are_called_are_thrown_away(channel: StreamChannel) -> None:
    digest = hashlib.sha256(b"good").hexdigest()
    about = {"sha256": digest, "name": "x.csv", "offset": 0, "size": 4}
    assert channel.call("receive", about, blobs=[b"evil"]) == {"have": 0, "whole": False}
    assert channel.call("lacking", {"files": {digest: "x.csv"}}) == {digest: 0}


def test_a_staged_file_cannot_climb_out(channel: StreamChannel) -> None:
    digest = hashlib.sha256(b"good").hexdigest()
    channel.call("receive", {"sha256": digest, "name": "x.csv", "offset": 0, "size": 4}, blobs=[b"good"])
    place = f"{digest}/x.csv"
    staged = channel.call("stage", {"files": {"../models/x.csv": place, "x.csv": place}, "depth": 1})
    assert (Path(staged["folder"]) / "../models/x.csv").read_bytes() == b"good"
    for name in ("../x.csv", "a/../../x.csv", "/tmp/x.csv"):
        with pytest.raises(ActFailed, match="must lie beside the config"):
            channel.call("stage", {"files": {name: place}, "depth": 0})


def test_a_record_that_is_read_while_it_is_written_is_read_again(
    channel: StreamChannel, far: FarRun, here: Path
) -> None:
    (far.folder / "record.json").write_text('{"format": 1, "status": "runni')
    mirror = copying(channel, far, here)
    far.say(1)
    until(lambda: size(here) == len(far.text()))
    (far.folder / "record.json").write_text('{"format": 1, "status": "running"}')
    until(lambda: (here / "record.json").exists())
    assert json.loads((here / "record.json").read_text())["status"] == "running"
    far.end()
    assert mirror.complete.wait(60)
    assert mirror.failed is None
    assert json.loads((here / "record.json").read_text())["status"] == "finished"
    mirror.close()
