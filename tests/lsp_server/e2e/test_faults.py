"""A real server and everything that may go wrong around it: huge texts, huge data, silent clients, deaths."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lsp_server.raw_client import RawClient, profile
from tests.waiting import until

from declml.runs.alive import is_alive

Json = Any
EDITOR = "visual_studio_code_v1.65.2"  # it has no pull: problems come by themselves
CONFIG = """\
data: {source: people.csv}
input_features:
  - {name: age, type: number}
output_features:
  - {name: income, type: category}
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    """One server for all tests that leave it alive: whatever it was given, it must serve the next."""
    folder = tmp_path_factory.mktemp("project")
    made = RawClient(profile(EDITOR), folder)
    try:
        made.start()
        yield made
        assert made.stop() == 0, made.complaints
    finally:
        made.kill()


def address(folder: Path, name: str = "config.declml.yaml") -> str:
    return (folder / name).as_uri()


def codes(found: list[Json]) -> list[str]:
    return [each["code"] for each in found]


def change(client: RawClient, uri: str, version: int, *changes: Json) -> None:
    document = {"uri": uri, "version": version}
    client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [*changes]})


def hover(client: RawClient, uri: str, line: int, character: int) -> Json:
    where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
    return client.request("textDocument/hover", where)


def memory_mib(pid: int) -> float:
    fields = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(each.split()[1]) / 1024 for each in fields if each.startswith("VmRSS"))


# --- texts -----------------------------------------------------------------------------------------------------------


def test_twenty_thousand_lines(client: RawClient, tmp_path: Path) -> None:
    features = "".join(f"  - name: column {each}\n    type: number\n" for each in range(9_990))
    text = f"input_features:\n{features}output_features:\n  - {{name: target, type: category}}\ntrainr: 1\n"
    assert text.count("\n") > 19_900
    uri = address(tmp_path)
    client.open(uri, text)
    assert codes(client.published(uri)) == ["unknown-key"]
    last = text.count("\n") - 1
    end = {"line": last, "character": 0}
    change(client, uri, 2, {"range": {"start": end, "end": {"line": last, "character": 6}}, "text": "trainer"})
    assert codes(client.published(uri)) == ["wrong-type"]
    assert hover(client, uri, 2, 6) is None or "number" in json.dumps(hover(client, uri, 2, 6))


def test_a_thousand_mistakes_and_more_are_told_in_part(client: RawClient, tmp_path: Path) -> None:
    uri = address(tmp_path)
    client.open(uri, "input_features: []\n" + "".join(f"key{each}: 1\n" for each in range(2999)))
    found = client.published(uri)
    assert len(found) == 1001
    assert found[-1]["message"] == "There are 2,001 more problems; they are shown when these are mended."


def test_aliases_that_would_fill_the_memory(client: RawClient, tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{each}: &a{each} [{', '.join([f'*a{each - 1}'] * 10)}]" for each in range(1, 10)]
    uri = address(tmp_path)
    client.open(uri, CONFIG + "\n".join(lines) + "\n")
    assert "alias-budget" in codes(client.published(uri))
    assert memory_mib(client.pid) < 300
    for method in ("textDocument/documentSymbol", "textDocument/foldingRange", "textDocument/semanticTokens/full"):
        client.request(method, {"textDocument": {"uri": uri}})


def test_a_merge_conflict_is_one_diagnostic_and_its_sides_are_skipped(client: RawClient, tmp_path: Path) -> None:
    text = CONFIG.replace("data: {source: people.csv}\n", "")
    text += "trainer:\n<<<<<<< ours\n  epochs: 3\n=======\n  epochz: 4\n  leraning_rate: [\n>>>>>>> theirs\n  seed: 1\n"
    uri = address(tmp_path)
    client.open(uri, text)
    (conflict,) = client.published(uri)
    assert conflict["code"] == "git-conflict"
    assert conflict["range"]["start"]["line"] == 5
    assert [each["location"]["range"]["start"]["line"] for each in conflict["relatedInformation"]] == [10]


@pytest.mark.parametrize(
    ("first", "end"), [("# a\u2028b", "\n"), ("# a\x85b\x0bc\x0c", "\n"), ("# a", "\r\n"), ("# ä🙂", "\r")]
)
def test_places_stay_right_behind_odd_line_ends(client: RawClient, tmp_path: Path, first: str, end: str) -> None:
    uri = address(tmp_path)
    text = (first + "\n" + CONFIG.replace("data: {source: people.csv}\n", "") + "trainr: 1\n").replace("\n", end)
    client.open(uri, text)
    found = [each for each in client.published(uri) if each["code"] == "unknown-key"]
    assert found[0]["range"] == {"start": {"line": 5, "character": 0}, "end": {"line": 5, "character": 6}}
    place = {"line": 5, "character": 5}
    change(client, uri, 2, {"range": {"start": place, "end": place}, "text": "e"})
    assert "unknown-key" not in codes(client.published(uri))


@pytest.mark.parametrize(("encoding", "width"), [("utf-8", 8), ("utf-16", 5), ("utf-32", 4)])
def test_columns_are_counted_as_negotiated(tmp_path: Path, encoding: str, width: int) -> None:
    client = RawClient(profile(EDITOR) | {"general": {"positionEncodings": [encoding]}}, tmp_path)
    try:
        assert client.start()["capabilities"]["positionEncoding"] == encoding
        uri = address(tmp_path)
        client.open(uri, "input_features: []\n'🙂ä': {a: 1}\n")
        (found,) = [each for each in client.published(uri) if each["code"] == "unknown-key"]
        assert found["range"] == {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": width}}
        assert client.stop() == 0
    finally:
        client.kill()


# --- data ------------------------------------------------------------------------------------------------------------


def test_two_gigabytes_of_data_hold_up_nobody(client: RawClient, tmp_path: Path) -> None:
    big = tmp_path / "people.csv"
    rows = "age,income\n" + "".join(f"{each % 90},{'high' if each % 3 else 'low'}\n" for each in range(50_000))
    with big.open("w") as file:
        file.write(rows)
        file.truncate(2 << 30)  # sparse: it takes no room on the disk
    uri = address(tmp_path)
    client.open(uri, CONFIG.replace("age", "aeg"))
    assert client.published(uri) == [], "the columns are not known yet, and nobody waits for them"
    for version in range(2, 12):
        change(client, uri, version, {"text": CONFIG + f"trainer: {{epochs: {version}}}\n"})
        hover(client, uri, 2, 12)
    assert memory_mib(client.pid) < 200
    children = until(lambda: threads_children(client.pid))
    change(client, uri, 12, {"text": CONFIG.replace("age", "aeg")})
    until_published(client, uri, "absent-column")
    assert all(memory_mib(child) < 2000 for child in children if is_alive(child))


def threads_children(pid: int) -> list[int]:
    """Return the processes that any thread of a process started."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(each) for task in tasks for each in (task / "children").read_text().split()]


def until_published(client: RawClient, uri: str, code: str) -> list[Json]:
    """Return the first problems of a document that hold a code."""
    while True:
        found = client.published(uri)
        if code in codes(found):
            return found


# --- clients ---------------------------------------------------------------------------------------------------------


def test_a_thousand_documents_opened_and_closed_leave_nothing(client: RawClient, tmp_path: Path) -> None:
    text = CONFIG.replace("data: {source: people.csv}\n", "") + "trainr: 1\n"

    def round_of(number: int) -> None:
        for each in range(250):
            uri = address(tmp_path, f"c{number}-{each}.declml.yaml")
            client.open(uri, text)
            change(client, uri, 2, {"text": text + "seed: 1\n"})
            client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
            client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        client.wait_for(lambda each: is_about(each, uri, problems=0))
        client.received.clear()

    round_of(0)
    before = memory_mib(client.pid)
    for number in range(1, 4):
        round_of(number)
    assert memory_mib(client.pid) - before < 8


def is_about(message: Json, uri: str, *, problems: int) -> bool:
    told = message.get("params") or {}
    is_problems = message.get("method") == "textDocument/publishDiagnostics"
    return is_problems and told["uri"] == uri and len(told["diagnostics"]) == problems


def test_problems_carry_the_version_they_are_of_and_the_newest_comes_last(client: RawClient, tmp_path: Path) -> None:
    uri = address(tmp_path)
    client.open(uri, "input_features: []\n")
    for version in range(2, 40):
        change(client, uri, version, {"text": f"input_features: []\nkey{version}: 1\n"})
    client.wait_for(lambda each: is_about(each, uri, problems=3) and each["params"].get("version") == 39)
    versions = [
        each["params"]["version"]
        for each in client.received
        if each.get("method") == "textDocument/publishDiagnostics" and each["params"]["uri"] == uri
    ]
    assert versions == sorted(versions)
    assert len(versions) < 20, "typing is not answered stroke by stroke"


def frame(message: Json) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def told(method: str, params: Json, number: int | None = None) -> bytes:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return frame(message if number is None else message | {"id": number})


class SilentClient:
    """A client that writes and writes, and never reads an answer."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "declml_lsp"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        self.written = 0
        self._writer = threading.Thread(target=self._write, args=(folder,), daemon=True)

    def start(self) -> None:
        self._writer.start()

    def _write(self, folder: Path) -> None:
        stream = self.process.stdin
        assert stream is not None
        hello = {"processId": None, "rootUri": None, "capabilities": {}}
        stream.write(told("initialize", hello, 1) + told("initialized", {}))
        wrong = "".join(f"key{each}{'x' * 900}: 1\n" for each in range(300))
        uri = address(folder)
        item = {"uri": uri, "languageId": "yaml", "version": 1, "text": CONFIG + wrong}
        stream.write(told("textDocument/didOpen", {"textDocument": item}))
        for number in range(1_000_000):
            where = {"textDocument": {"uri": uri}}
            try:
                stream.write(told("textDocument/diagnostic", where, 10 + number))
                stream.flush()
            except OSError:
                return  # the test is over
            self.written = number + 1


def test_a_client_that_never_reads_stops_being_served_and_costs_a_bounded_amount(tmp_path: Path) -> None:
    client = SilentClient(tmp_path)
    try:
        client.start()
        seen: list[int] = []

        def stands_still() -> bool:
            """Both sides wait: nothing was written since the last hundred looks."""
            seen.append(client.written)
            return client.written > 100 and len(seen) > 300 and len(set(seen[-300:])) == 1

        until(stands_still)
        assert client.written < 1_000_000
        assert memory_mib(client.process.pid) < 250
    finally:
        client.process.kill()
        client.process.communicate()


def test_exit_without_shutdown_is_a_failure(tmp_path: Path) -> None:
    client = RawClient(profile(EDITOR), tmp_path)
    try:
        client.start()
        client.notify("exit", None)
        assert client.ended() == 1
    finally:
        client.kill()


def test_it_ends_when_the_client_goes_away(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "declml_lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    )
    process.communicate(told("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1), timeout=60)
    assert process.returncode == 1


def test_it_ends_with_the_editors_process_though_its_pipes_stay_open(tmp_path: Path) -> None:
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    client = RawClient(profile(EDITOR), tmp_path)
    try:
        client.start(process=editor.pid)
        editor.communicate(b"\n")
        assert client.ended() == 1
    finally:
        client.kill()


def test_an_editor_that_cannot_be_seen_from_here_is_served(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    client = RawClient(profile(EDITOR), tmp_path)
    try:
        client.start(process=gone.pid)
        uri = address(tmp_path)
        client.open(uri, "input_features: []\ntrainr: 1\n")
        client.published(uri)
        assert client.stop() == 0
    finally:
        client.kill()


def test_the_children_end_with_the_server_however_it_ends(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("age,income\n1,low\n2,high\n")
    client = RawClient(profile(EDITOR), tmp_path)
    try:
        client.start()
        uri = address(tmp_path)
        client.open(uri, CONFIG.replace("age", "aeg"))
        until_published(client, uri, "absent-column")
        children = threads_children(client.pid)
        assert children
    finally:
        client.kill()
    until(lambda: not any(is_alive(each) for each in children))


def test_a_broken_message_is_answered_and_the_next_one_served(client: RawClient, tmp_path: Path) -> None:
    client.write(b"Content-Length: 5\r\n\r\n{oops")
    client.write(b"nonsense between messages\r\n\r\n")
    answer = client.wait_for(lambda each: "error" in each)
    assert (answer["id"], answer["error"]["code"]) == (None, -32700)
    uri = address(tmp_path)
    client.open(uri, "input_features: []\ntrainr: 1\n")
    assert "unknown-key" in codes(client.published(uri))


def test_an_edit_of_a_document_that_was_never_opened_is_survived(client: RawClient, tmp_path: Path) -> None:
    change(client, address(tmp_path, "never.declml.yaml"), 2, {"text": "x"})
    uri = address(tmp_path)
    client.open(uri, "input_features: []\ntrainr: 1\n")
    assert "unknown-key" in codes(client.published(uri))
    shown = [each for each in client.received if each.get("method") == "window/showMessage"]
    assert shown == []
