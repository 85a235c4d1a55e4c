"""Messages on the wire: cut rightly whatever comes, answered whatever they are, and never more waiting than allowed."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from declml_lsp import outbox as outbox_module
from declml_lsp.config_files import ConfigFiles
from declml_lsp.outbox import Outbox
from declml_lsp.protocol import ConfigDocument, ConfigWorkspace
from declml_lsp.server import DeclmlServer, build_server
from declml_lsp.streams import MOST_MESSAGE_BYTES, Frames
from declml_lsp.surface import SURFACE, Method


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


# --- cutting ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(1, 30))
def test_whole_messages_come_out_however_they_were_cut(bodies: list[bytes], step: int) -> None:
    stream = b"".join(framed(each) for each in bodies)
    frames = Frames()
    found = [body for start in range(0, len(stream), step) for body in frames.feed(stream[start : start + step])]
    assert found == bodies


@pytest.mark.parametrize(
    "broken",
    [
        b"Content-Type: x\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: -3\r\n\r\n",
        b"Content-Length: 0\r\n\r\n",
        b"Content-Length: %d\r\n\r\n" % (MOST_MESSAGE_BYTES + 1),
        b'{"jsonrpc": "2.0"}\r\n\r\n',
        b"x" * 200_000 + b"\r\n\r\n",
        b'{"left": "over"}',
    ],
)
def test_what_is_no_message_is_skipped_up_to_the_next(broken: bytes) -> None:
    assert [*Frames().feed(broken + framed(b"{}") + framed(b"[]"))] == [b"{}", b"[]"]


def test_headers_are_read_as_the_protocol_has_them() -> None:
    data = b"content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:2\r\n\r\n{}"
    assert [*Frames().feed(data)] == [b"{}"]


# --- waiting ---------------------------------------------------------------------------------------------------------


def test_newer_problems_take_the_place_of_older_ones_that_still_wait() -> None:
    async def converse() -> list[bytes]:
        box, sent = Outbox(headers=False), list[bytes]()
        box.put(b"a1", replaces="a")
        box.put(b"b1", replaces="b")
        box.put(b"answer")
        box.put(b"a2", replaces="a")

        async def send(data: bytes) -> None:
            sent.append(data)

        task = asyncio.ensure_future(box.run(send))
        await box.flush()
        task.cancel()
        return sent

    assert asyncio.run(converse()) == [b"b1", b"answer", b"a2"]


def test_who_does_not_read_is_not_written_to_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_WAITING_BYTES", 100)

    async def converse() -> list[bytes]:
        box, sent, gate = Outbox(headers=False), list[bytes](), asyncio.Event()

        async def send(data: bytes) -> None:
            await gate.wait()
            sent.append(data)

        task = asyncio.ensure_future(box.run(send))
        for number in range(1000):
            box.put(b"%10d" % number, replaces="problems")
            box.put(b"news", may_be_dropped=True)
        box.put(b"x" * 200)
        assert not box._room.is_set(), "nothing more is taken from the client"
        before = len(box._waiting)
        box.put(b"left out", may_be_dropped=True)
        box.put(b"an answer is kept")
        assert len(box._waiting) == before + 1
        gate.set()
        await asyncio.wait_for(box.flush(), 5)
        await asyncio.wait_for(box.room(), 5)
        task.cancel()
        return sent

    sent = asyncio.run(converse())
    assert sent[-1] == b"an answer is kept"
    assert b"left out" not in sent
    assert sent.count(b"%10d" % 999) == 1
    assert sum(each.strip().isdigit() for each in sent) == 1


# --- answering -------------------------------------------------------------------------------------------------------


def replies(*messages: Any, server: DeclmlServer | None = None) -> list[Any]:
    """Return what a server answers to messages, each JSON data or bytes, until it has nothing more to say.

    A function among them, of what was sent so far, is waited for until it is true.
    """
    made = server or build_server()

    async def converse() -> list[bytes]:
        box, sent = Outbox(headers=False), list[bytes]()

        async def send(data: bytes) -> None:
            sent.append(data)

        made.protocol.begin(box)
        task = asyncio.ensure_future(box.run(send))
        deadline = asyncio.get_running_loop().time() + 30
        asked: set[int] = set()
        for message in messages:
            if callable(message):
                while not message(sent):
                    assert asyncio.get_running_loop().time() < deadline
                    await asyncio.sleep(0.001)
                continue
            made.protocol.receive(message if isinstance(message, bytes) else json.dumps(message).encode())
            if isinstance(message, dict) and "id" in message:
                asked.add(message["id"])
            # As the protocol has it: nothing is sent before the greeting is answered.
            while (message is INITIALIZE or message is messages[-1]) and asked - answered(sent):
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.001)
        await box.flush()
        task.cancel()
        return sent

    try:
        return [json.loads(each) for each in asyncio.run(converse())]
    finally:
        made.close()


def answered(sent: list[bytes]) -> set[Any]:
    told = [json.loads(each) for each in sent]
    return {each.get("id") for each in told if "method" not in each}


def request(number: int, method: str, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


INITIALIZE = request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})


@pytest.mark.parametrize(
    ("body", "code", "number"),
    [
        (b"{", -32700, None),
        (b"\xff\xfe", -32700, None),
        (b"[" * 200_000, -32700, None),
        (b"[]", -32600, None),
        (b"3", -32600, None),
        (b'{"id": 7, "method": "x"}', -32600, 7),
        (b'{"jsonrpc": "2.0", "id": 8, "method": "textDocument/hover", "params": {}}', -32602, 8),
        (b'{"jsonrpc": "2.0", "id": 9, "method": "no/such"}', -32601, 9),
    ],
)
def test_a_broken_message_costs_itself_and_a_request_is_always_answered(body: bytes, code: int, number: Any) -> None:
    told = {each.get("id"): each for each in replies(INITIALIZE, body, request(2, "shutdown"))}
    assert "result" in told[1]
    assert told[number]["error"]["code"] == code
    assert "id" in told[number]
    assert "error" not in told[2]


def test_requests_before_the_greeting_and_after_the_goodbye_are_refused() -> None:
    hover = {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 0}}
    told = replies(request(5, "textDocument/hover", hover), INITIALIZE, request(2, "shutdown"))
    assert {each["id"]: each.get("error", {}).get("code") for each in told} == {5: -32002, 1: None, 2: None}
    server = build_server()
    replies(INITIALIZE, request(2, "shutdown"), server=server)
    (late,) = replies(request(3, "textDocument/hover", hover), server=server)
    assert late["error"]["code"] == -32600


def test_a_handler_that_raises_costs_its_own_answer() -> None:
    """The surface is what a server is made of: here one whose hover is broken."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    surface = [each for each in SURFACE if each.name != types.TEXT_DOCUMENT_HOVER]
    server = DeclmlServer(version="0", surface=[*surface, Method(types.TEXT_DOCUMENT_HOVER, broken)])
    uri = "untitled:a.declml.yaml"
    text = {"uri": uri, "languageId": "yaml", "version": 1, "text": "trainr: 1\n"}
    where = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}
    told = replies(
        INITIALIZE,
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": text}},
        request(2, "textDocument/hover", where),
        request(3, "textDocument/hover", where),
        request(4, "textDocument/documentSymbol", {"textDocument": {"uri": uri}}),
        server=server,
    )
    answers = {each["id"]: each for each in told if "id" in each}
    assert answers[2]["result"] is None
    assert answers[3]["result"] is None
    assert answers[4]["result"]
    shown = [each["params"]["message"] for each in told if each.get("method") == "window/showMessage"]
    assert shown == ["declml could not answer textDocument/hover; the server's log says why. Everything else works on."]
    logged = [each["params"]["message"] for each in told if each.get("method") == "window/logMessage"]
    assert "ZeroDivisionError: a mistake of ours" in logged[0]


def test_a_request_that_is_cancelled_before_its_turn_is_never_begun() -> None:
    gate, begun = threading.Event(), list[int]()

    def slow(_session: Any, _snapshot: Any, params: types.HoverParams) -> None:
        begun.append(params.position.line)
        gate.wait(30)

    server = DeclmlServer(version="0", surface=[Method(types.TEXT_DOCUMENT_HOVER, slow, seconds=60)])
    uri = "untitled:a.declml.yaml"
    text = {"uri": uri, "languageId": "yaml", "version": 1, "text": "a: 1\n"}

    def hover(line: int) -> dict[str, Any]:
        where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
        return request(100 + line, "textDocument/hover", where)

    told = replies(
        INITIALIZE,
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": text}},
        *[hover(line) for line in range(6)],
        lambda _sent: len(begun) == 2,
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 105}},
        lambda sent: 105 in answered(sent),
        lambda _sent: gate.set() or True,
        hover(9),
        server=server,
    )
    answers = {each["id"]: each for each in told if "id" in each}
    assert answers[105]["error"]["code"] == -32800
    assert all(answers[100 + line]["result"] is None for line in range(5))
    assert 5 not in begun
    assert {0, 1, 2, 3, 4} <= set(begun)


def test_what_a_process_tells_after_the_goodbye_is_told_to_nobody() -> None:
    server = build_server()
    uri = "untitled:a.declml.yaml"
    item = {"uri": uri, "languageId": "yaml", "version": 1, "text": "trainr: 1\n"}
    turns = iter(range(20))
    told = replies(
        INITIALIZE,
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}},
        lambda sent: any(b"publishDiagnostics" in each for each in sent),
        request(2, "shutdown"),
        lambda sent: 2 in answered(sent),
        lambda _sent: server.refresh(uri) is None,
        lambda _sent: next(turns) == 19,  # so that what it starts, if anything, gets its turn
        server=server,
    )
    methods = [each["method"] for each in told if "method" in each]
    assert methods == ["textDocument/publishDiagnostics"]


def test_a_pull_for_the_workspace_ends_at_the_next_file_when_it_is_cancelled(tmp_path: Path) -> None:
    begun, gate, read = threading.Event(), threading.Event(), list[int]()
    server = build_server()

    class Endless(ConfigFiles):
        """A project without end, whose second file takes until the gate is open."""

        def found(self, folders: Any) -> Any:
            for number in range(1000):
                read.append(number)
                if number == 1:
                    begun.set()
                    gate.wait(30)
                path = tmp_path / f"{number}.declml.yaml"
                path.write_text("a: 1\n")
                yield path

    server.session.files = Endless()
    replies(
        INITIALIZE,
        request(2, "workspace/diagnostic", {"previousResultIds": []}),
        lambda _sent: begun.is_set(),
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 2}},
        lambda sent: 2 in answered(sent),
        lambda _sent: gate.set() or True,
        request(3, "workspace/symbol", {"query": ""}),
        server=server,
    )
    server._analysis.shutdown(wait=True)
    assert read == [0, 1]


def test_nothing_is_remembered_of_what_was_answered() -> None:
    server = build_server()
    uri = "untitled:a.declml.yaml"
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "a: 1\n"}]}
    item = {"uri": uri, "languageId": "yaml", "version": 1, "text": "a: 1\n"}
    changes = [{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change}] * 50
    opened = {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}}
    symbols = [request(10 + each, "textDocument/documentSymbol", {"textDocument": {"uri": uri}}) for each in range(20)]
    replies(INITIALIZE, opened, *changes, *symbols, server=server)
    assert server.protocol._request_futures == {}
    assert server.protocol._result_types == {}


# --- texts -----------------------------------------------------------------------------------------------------------


def document(text: str) -> ConfigDocument:
    codec = PositionCodec(types.PositionEncodingKind.Utf16)
    return ConfigDocument(
        "file:///a.declml.yaml", text, 1, sync_kind=types.TextDocumentSyncKind.Incremental, position_codec=codec
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a\n"]),
        ("a\r\nb\rc\nd", ["a\r\n", "b\r", "c\n", "d"]),
        ("a\u2028b\x0bc\x85d\n", ["a\u2028b\x0bc\x85d\n"]),
        ("\r\r\n\n", ["\r", "\r\n", "\n"]),
    ],
)
def test_lines_end_where_editors_end_them(text: str, lines: list[str]) -> None:
    assert [*document(text).lines] == lines


@given(
    st.text(st.sampled_from("ab\n\r\u2028🙂ä"), max_size=20),
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 8), st.integers(0, 3), st.text("x\n🙂", max_size=3)), max_size=5
    ),
)
def test_edits_are_applied_as_an_editor_applies_them(text: str, edits: list[tuple[int, int, int, str]]) -> None:
    edited = document(text)
    for line, character, width, new in edits:
        before = edited.source
        span = types.Range(types.Position(line, character), types.Position(line, character + width))
        text_before = edited.text()
        start, end = text_before.position(span.start), text_before.position(span.end)
        edited.apply_change(types.TextDocumentContentChangePartial(span, new))
        ends = [len(each) for each in edited_lines(before)]
        offset = sum(ends[: start.line]) + start.column
        until = sum(ends[: end.line]) + end.column
        assert edited.source == before[:offset] + new + before[until:]


def edited_lines(text: str) -> list[str]:
    """Return the lines of a text with their ends, one more where it ends with one."""
    found, rest = list[str](), text
    while True:
        places = [place for place in (rest.find("\n"), rest.find("\r")) if place >= 0]
        if not places:
            return [*found, rest]
        end = min(places) + (2 if rest[min(places) :].startswith("\r\n") else 1)
        found.append(rest[:end])
        rest = rest[end:]


def test_the_workspace_makes_such_documents(tmp_path: Path) -> None:
    workspace = ConfigWorkspace(tmp_path.as_uri())
    workspace.put_text_document(types.TextDocumentItem("file:///a.declml.yaml", "yaml", 1, "a\u2028b"))
    assert [*workspace.get_text_document("file:///a.declml.yaml").lines] == ["a\u2028b"]
