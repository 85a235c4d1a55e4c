"""A language server over stdio, driven and measured from outside: wall time, CPU of its process tree, memory.

Nothing but the standard library. The client answers what servers ask of it (settings, registrations, progress).
"""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Any
_DEADLINE_SECONDS = 120.0

CAPABILITIES: Json = {
    "workspace": {"configuration": True, "applyEdit": True, "workspaceFolders": True},
    "window": {"workDoneProgress": True},
    "textDocument": {
        "synchronization": {"didSave": True},
        "completion": {
            "completionItem": {
                "snippetSupport": True,
                "documentationFormat": ["markdown", "plaintext"],
                "resolveSupport": {"properties": ["documentation", "detail"]},
            },
            "contextSupport": True,
        },
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "foldingRange": {"lineFoldingOnly": True},
        "formatting": {},
        "publishDiagnostics": {"relatedInformation": True, "versionSupport": True},
    },
}
"""What a common editor declares. It does not pull problems: then every server sends them."""


class ServerFailed(Exception):
    """The server ended, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one act took: milliseconds until its answer, and milliseconds of CPU in all of the server's processes."""

    wall_ms: float
    cpu_ms: float


class Server:
    """A running server. ``settings`` are its answers to ``workspace/configuration``, by section."""

    def __init__(self, command: Sequence[str], *, settings: Mapping[str, Json], environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, env=dict(environment)
        )
        self._news: queue.Queue[Json] = queue.Queue()
        self._writing = threading.Lock()
        self._next_id = 0
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._said.close()

    def start(self, folder: Path) -> Json:
        """Greet the server and return what it can do."""
        root = folder.as_uri()
        params = {
            "processId": None,
            "rootUri": root,
            "capabilities": CAPABILITIES,
            "workspaceFolders": [{"uri": root, "name": folder.name}],
        }
        result = self.request("initialize", params)
        self.notify("initialized", {})
        return result["capabilities"]

    def request(self, method: str, params: Json) -> Json:
        """Return the answer to a request."""
        self._next_id += 1
        number = self._next_id
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        answer = self.wait_for(lambda message: message.get("id") == number and "method" not in message)
        if "error" in answer:
            raise ServerFailed(f"{method}: {answer['error']}")
        return answer.get("result")

    def notify(self, method: str, params: Json) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def wait_for(self, is_it: Callable[[Json], bool]) -> Json:
        """Return the next message that is the one; those before it are passed over."""
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while True:
            try:
                message = self._news.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise ServerFailed(f"no answer within {_DEADLINE_SECONDS:.0f} seconds") from None
            if message is None:
                raise self._ended()
            if is_it(message):
                return message

    def pass_over(self) -> None:
        """Forget what was sent before now, so that it cannot be taken for news."""
        while not self._news.empty():
            if self._news.get() is None:
                raise self._ended()

    def wait_for_problems(self, uri: str, *, some: bool | None = None) -> Json:
        """Return the next problems sent for a document; with ``some`` the first that are, or are not, empty."""

        def is_it(message: Json) -> bool:
            if message.get("method") != "textDocument/publishDiagnostics" or message["params"]["uri"] != uri:
                return False
            return some is None or bool(message["params"]["diagnostics"]) == some

        return self.wait_for(is_it)["params"]["diagnostics"]

    def measure(self, act: Callable[[], object]) -> Cost:
        """Return what ``act`` took."""
        cpu, begin = self.cpu_seconds(), time.perf_counter()
        act()
        wall = time.perf_counter() - begin
        return Cost(wall * 1000, (self.cpu_seconds() - cpu) * 1000)

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server and all its processes so far, to a microsecond."""
        return sum(map(_cpu_of, self._tree()))

    def memory_mib(self) -> tuple[float, float]:
        """Return the resident memory of all its processes now, and the sum of the most that each ever had."""
        now = peak = 0.0
        for process in self._tree():
            now += _kib_of(process, "VmRSS") / 1024
            peak += _kib_of(process, "VmHWM") / 1024
        return now, peak

    def _ended(self) -> ServerFailed:
        status = self._process.wait()
        self._said.seek(0)
        return ServerFailed(f"the server ended with {status}\n{self._said.read()[-2000:].decode(errors='replace')}")

    def _tree(self) -> list[int]:
        found = [self._process.pid]
        for process in found:
            try:
                tasks = list(Path(f"/proc/{process}/task").iterdir())
                found += [int(each) for task in tasks for each in (task / "children").read_text().split()]
            except OSError:  # it has just ended
                continue
        return found

    def _send(self, message: Json) -> None:
        body = json.dumps(message).encode()
        stream = self._process.stdin
        assert stream is not None
        with self._writing:
            stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            stream.flush()

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
            body = stream.read(length)
            if len(body) < length:
                break  # it ended in the middle of a message
            message = json.loads(body)
            if "id" in message and "method" in message:
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": self._answer(message)})
            else:
                self._news.put(message)
        self._news.put(None)  # the end

    def _answer(self, message: Json) -> Json:
        if message["method"] == "workspace/configuration":
            return [self._settings.get(item.get("section", "")) for item in message["params"]["items"]]
        return {"applied": True} if message["method"] == "workspace/applyEdit" else None


def _cpu_of(process: int) -> float:
    """Return a process's CPU time: its own clock is exact, that of children it has waited for counts in ticks."""
    try:
        # The clock id of another process: clock_getcpuclockid(3), which Python does not offer.
        own = time.clock_gettime((~process << 3) | 2)
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return own + (int(after_name[13]) + int(after_name[14])) / 100


def _kib_of(process: int, name: str) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith(name + ":")), 0.0)
