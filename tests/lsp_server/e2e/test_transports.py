"""The same server over a port of this machine and over a WebSocket, for one client each."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.waiting import until
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

Json = Any
SECONDS = 60
TEXT = "input_features: []\ntrainr: 1\n"
URI = "untitled:a.declml.yaml"


def message(method: str, params: Json, number: int | None = None) -> Json:
    told = {"jsonrpc": "2.0", "method": method, "params": params}
    return told if number is None else told | {"id": number}


HELLO = message("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1)
OPEN = message("textDocument/didOpen", {"textDocument": {"uri": URI, "languageId": "yaml", "version": 1, "text": TEXT}})
GOODBYE = [message("shutdown", None, 2), message("exit", None)]


@contextmanager
def serving(option: str, folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "declml_lsp", option, str(port)],
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        until(lambda: _listens(port))
        yield port, process
    finally:
        process.kill()
        process.communicate()


def _listens(port: int) -> bool:
    """Return whether a port is taken, without connecting to it: the first client is the only one."""
    wanted = f":{port:04X} "
    return any(wanted in line and " 0A " in line for line in Path("/proc/net/tcp").read_text().splitlines())


def test_a_port_serves_one_client_and_ends_with_it(tmp_path: Path) -> None:
    with serving("--tcp", tmp_path) as (port, process):
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as client:
            stream = client.makefile("rwb")
            for each in (HELLO,):
                send(stream, each)
            assert "capabilities" in receive(stream)["result"]
            send(stream, OPEN)
            assert "unknown-key" in [each["code"] for each in receive(stream)["params"]["diagnostics"]]
            for each in GOODBYE:
                send(stream, each)
            assert receive(stream)["id"] == 2
            assert stream.read() == b""
            stream.close()
        assert process.wait(SECONDS) == 0


def send(stream: Any, told: Json) -> None:
    body = json.dumps(told).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    stream.flush()


def receive(stream: Any) -> Json:
    length = int(stream.readline().partition(b":")[2])
    assert stream.readline() == b"\r\n"
    return json.loads(stream.read(length))


def test_a_websocket_serves_one_client_and_ends_with_it(tmp_path: Path) -> None:
    async def converse(port: int) -> None:
        async with connect(f"ws://127.0.0.1:{port}", origin="http://localhost:8888", open_timeout=SECONDS) as client:
            await client.send(json.dumps(HELLO))
            assert "capabilities" in json.loads(await client.recv())["result"]
            await client.send(json.dumps(OPEN))
            found = json.loads(await client.recv())["params"]["diagnostics"]
            assert "unknown-key" in [each["code"] for each in found]
            for each in GOODBYE:
                await client.send(json.dumps(each))
            assert json.loads(await client.recv())["id"] == 2

    with serving("--websocket", tmp_path) as (port, process):
        asyncio.run(asyncio.wait_for(converse(port), SECONDS))
        assert process.wait(SECONDS) == 0


def test_a_page_from_elsewhere_is_turned_away(tmp_path: Path) -> None:
    async def knock(port: int) -> None:
        for origin in ("https://elsewhere.example", "http://localhost.elsewhere.example", "null"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{port}", origin=origin, open_timeout=SECONDS)
            assert refused.value.response.status_code == 403

    with serving("--websocket", tmp_path) as (port, process):
        asyncio.run(asyncio.wait_for(knock(port), SECONDS))
        assert process.poll() is None


def test_a_page_that_posts_a_message_to_a_port_is_no_client(tmp_path: Path) -> None:
    body = json.dumps(HELLO).encode()
    post = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with serving("--tcp", tmp_path) as (port, process):
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as page:
            page.sendall(post)
            with suppress(ConnectionResetError):
                assert page.recv(1) == b""
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as client, client.makefile("rwb") as stream:
            send(stream, HELLO)
            assert "capabilities" in receive(stream)["result"]
        process.wait(SECONDS)


@pytest.mark.parametrize("option", ["--tcp", "--websocket"])
def test_only_this_machine_can_connect(tmp_path: Path, option: str) -> None:
    with serving(option, tmp_path) as (port, _):
        lines = [line for line in Path("/proc/net/tcp").read_text().splitlines() if f":{port:04X} " in line]
        assert all(line.split()[1].startswith("0100007F:") for line in lines), "bound to 127.0.0.1"
        assert f":{port:04X} " not in Path("/proc/net/tcp6").read_text()
