"""A client that speaks raw JSON with a real server over stdio and keeps every message it gets.

Unlike a client made of a protocol library's types, it sees what is on the wire: misspelt names, nulls, wrong kinds.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Any
DEADLINE_SECONDS = 30.0
SERVER = (sys.executable, "-m", "declml_lsp")
OWN = "declml/"
"""What the names of our own methods begin with."""


def profile(name: str) -> Json:
    """Return what an editor declares, such as ``neovim_v0.11.0``, as shipped with pytest-lsp."""
    file = files("pytest_lsp").joinpath("clients", f"{name}.json")
    return json.loads(file.read_text(encoding="utf-8"))["capabilities"]


class RawClient:
    """One server process and all that it sent: ``received`` are its messages, ``methods`` our requests by their ids."""

    def __init__(
        self, capabilities: Json, folder: Path, *, settings: Json = None, command: Sequence[str] = SERVER
    ) -> None:
        self.capabilities = capabilities
        self.received: list[Json] = []
        self.methods: dict[int | str, str] = {}
        self.registered: dict[str, Json] = {}
        self._folder = folder
        self._settings = settings
        self._fresh: queue.Queue[Json] = queue.Queue()
        self._writing = threading.Lock()
        self._errors = (folder / "stderr.log").open("wb")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=folder,
            env={**os.environ, "PYTHONWARNINGS": "error::ResourceWarning"},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(self, *, process: int | None = None) -> Json:
        """Greet the server and return its answer; ``process`` is the editor's, by default this one."""
        answer = self.request(
            "initialize",
            {
                "processId": os.getpid() if process is None else process,
                "rootUri": self._folder.as_uri(),
                "capabilities": self.capabilities,
                "workspaceFolders": [{"uri": self._folder.as_uri(), "name": self._folder.name}],
            },
        )
        self.notify("initialized", {})
        return answer

    def stop(self) -> int:
        """Say goodbye as the protocol wants it and return the exit status."""
        self.request("shutdown", None)
        self.notify("exit", None)
        status = self._process.wait(DEADLINE_SECONDS)
        self._reader.join(DEADLINE_SECONDS)
        self._close()
        return status

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._reader.join(DEADLINE_SECONDS)
        self._close()

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def ended(self) -> int:
        """Wait for the server to end by itself and return the exit status."""
        status = self._process.wait(DEADLINE_SECONDS)
        self._reader.join(DEADLINE_SECONDS)
        self._close()
        return status

    @property
    def complaints(self) -> str:
        """What the server wrote to its standard error."""
        return (self._folder / "stderr.log").read_text(encoding="utf-8", errors="replace")

    def request(self, method: str, params: Json) -> Json:
        """Return the result of a request; an error is an `AssertionError`."""
        answer = self.ask(method, params)
        assert "error" not in answer, f"{method}: {answer['error']}\n{self.complaints[-2000:]}"
        return answer["result"]

    def ask(self, method: str, params: Json) -> Json:
        """Return the whole answer to a request, which may be an error."""
        number = len(self.methods) + 1
        self.methods[number] = method
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        self._send(message if params is None else message | {"params": params})
        return self.wait_for(lambda each: each.get("id") == number and "method" not in each)

    def notify(self, method: str, params: Json) -> None:
        """Send a notification."""
        message = {"jsonrpc": "2.0", "method": method}
        self._send(message if params is None else message | {"params": params})

    def open(self, uri: str, text: str, *, language: str = "yaml") -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def published(self, uri: str) -> list[Json]:
        """Return the next problems that are sent for a document."""

        def is_it(each: Json) -> bool:
            return each.get("method") == "textDocument/publishDiagnostics" and each["params"]["uri"] == uri

        return self.wait_for(is_it)["params"]["diagnostics"]

    def wait_for(self, is_it: Callable[[Json], bool]) -> Json:
        """Return the next message that is the one; those before it stay in ``received``."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            try:
                message = self._fresh.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"nothing came in {DEADLINE_SECONDS} seconds\n{self.complaints[-2000:]}") from None
            assert message is not None, f"the server ended\n{self.complaints[-2000:]}"
            if is_it(message):
                return message

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            length = 0
            while line := stream.readline().strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not length:
                break
            message = json.loads(stream.read(length))
            self.received.append(message)
            if "id" in message and "method" in message:
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": self._answer(message)})
            self._fresh.put(message)
        self._fresh.put(None)

    def _answer(self, message: Json) -> Json:
        method, params = message["method"], message.get("params")
        if method == "workspace/configuration":
            return [self._settings for _ in params["items"]]
        if method == "client/registerCapability":
            self.registered.update({each["method"]: each for each in params["registrations"]})
        if method == "workspace/workspaceFolders":
            return [{"uri": self._folder.as_uri(), "name": self._folder.name}]
        return {"applied": True} if method == "workspace/applyEdit" else None

    def _send(self, message: Json) -> None:
        body = json.dumps(message).encode()
        self.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def write(self, data: bytes) -> None:
        """Write bytes as they are, whatever a server may make of them."""
        stream = self._process.stdin
        assert stream is not None
        with self._writing:
            stream.write(data)
            stream.flush()

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()
