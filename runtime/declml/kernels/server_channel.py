"""A channel to the agent in a kernel of a Jupyter server or kernel gateway.

Acts are executed in the kernel, files are read from the server where it serves them, and news of followed files come
as comm messages. All of these may be lost with the connection; it comes back by itself, with the same session, and a
beat each second tells how far the followed files have grown, so that nothing depends on a message having arrived.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from declml.errors import UserProblem
from declml.kernels.channel import ActFailed, ChannelLost, Hint, Json, OnHint
from declml.kernels.jupyter_messages import Message, new_id
from declml.kernels.kernel_socket import KernelSocket
from declml.kernels.server_rest import Rest
from declml.kernels.tokens import redacted

HINT_TARGET = "declml.events"
ONCE = frozenset({"launch", "stop", "shut_down"})
"""Acts that are never sent a second time: when the connection breaks, nobody knows whether they were done."""

_LARGEST_READ = 2**22
_BEAT_SECONDS = 0.5
_SILENT_SECONDS = 2.0
"""How long the kernel may leave a beat without an answer before that is told: with the beat, within three seconds."""
_GRACE_SECONDS = 2.0
"""How long an answer may take after a connection has come back, before the question is asked again."""


@dataclass
class _Followed:
    pid: int
    take: OnHint
    size: int = 0
    ended: bool = False


@dataclass
class _Pending:
    done: threading.Event = field(default_factory=threading.Event)
    content: Mapping[str, Any] | None = None


class ServerChannel:
    """A `declml.kernels.channel.Channel`. ``find`` returns the id of the kernel, which it starts where it is not there;
    ``on_state`` hears, in short sentences, what happens to the connection."""

    def __init__(
        self,
        rest: Rest,
        find: Callable[[], str],
        *,
        label: str,
        on_state: Callable[[str], None] | None = None,
    ) -> None:
        self.rest = rest
        self._label = label
        self._on_state = on_state
        self._pending: dict[str, _Pending] = {}
        self._outputs: dict[str, Callable[[str], None]] = {}
        self._followed: dict[str, _Followed] = {}
        self._memory: str | None = None
        self._silent = False
        self._root: str | None = None
        self._root_known = False
        self._closed = threading.Event()
        self._beat_soon = threading.Event()
        self._beating: threading.Thread | None = None
        self._starting = threading.Lock()
        self._socket = KernelSocket(rest.server, find(), find=find, take=self._take, on_state=self._tell)

    @property
    def label(self) -> str:
        """How a person knows the kernel."""
        return self._label

    @property
    def kernel_id(self) -> str:
        """The kernel's name on its server."""
        return self._socket.kernel_id

    @property
    def gone(self) -> bool:
        """Whether the connection will not come back."""
        return self._closed.is_set() or self._socket.failed

    # --- asking --------------------------------------------------------------------------------------------------

    def call(
        self, act: str, arguments: Mapping[str, Json], *, blobs: Sequence[bytes] = (), timeout_seconds: float = 30.0
    ) -> Json:
        """Have the agent do ``act`` and return its answer."""
        expression = (
            f"__import__('declml.kernels.comm_feed',fromlist=['x']).call({act!r},{json.dumps(dict(arguments))!r})"
        )
        answer = json.loads(
            self.evaluate(expression, blobs=blobs, timeout_seconds=timeout_seconds, again=act not in ONCE)
        )
        if "failed" in answer:
            raise ActFailed(str(answer["failed"]))
        return answer["answer"]

    def evaluate(
        self,
        expression: str,
        *,
        blobs: Sequence[bytes] = (),
        timeout_seconds: float = 30.0,
        again: bool = True,
        on_output: Callable[[str], None] | None = None,
    ) -> str:
        """Return the text that an expression of Python has as its value in the kernel; its names are not touched.

        ``again`` says that it may be evaluated twice, when a connection or the kernel is lost before it answered.
        ``on_output`` hears what the expression prints. `ActFailed` when it raises.
        """
        content = {
            "code": "",
            "silent": on_output is None,
            "store_history": False,
            "user_expressions": {"answer": expression},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        reply = self._request(content, blobs, timeout_seconds, again=again, on_output=on_output)
        value = (reply.get("user_expressions") or {}).get("answer") or {}
        if value.get("status") != "ok":
            if value.get("ename") in {"ModuleNotFoundError", "ImportError"}:
                raise ActFailed(f"The kernel {self._label} must have declml; got: {value.get('evalue')}.")
            raise ActFailed(redacted(f"The kernel {self._label} failed: {value.get('evalue') or reply.get('evalue')}."))
        return str(ast.literal_eval(value["data"]["text/plain"]))

    def read(self, path: str, offset: int, limit: int) -> bytes:
        """Return up to ``limit`` bytes of a file of the other side from ``offset`` on."""
        served = self._served(path)
        if served is not None:
            found = self.rest.files(served, offset, limit)
            if found is not None:
                return found
        told = self.call("read_base64", {"path": path, "offset": offset, "limit": min(limit, _LARGEST_READ)})
        return base64.b64decode(told)

    def follow(self, path: str, offset: int, pid: int, take: OnHint) -> None:
        """Tell ``take`` of everything that is appended to ``path``; what was there before is told by the first beat."""
        self._followed[path] = _Followed(pid, take, offset)
        with self._starting:
            if self._beating is None:
                self._beating = threading.Thread(target=self._beat, name=f"beat {self._label}", daemon=True)
                self._beating.start()
        self._beat_soon.set()

    def close(self) -> None:
        """Let go of the connection."""
        self.leave()
        self.rest.close()

    def leave(self) -> None:
        """Let go of the kernel, and not of the server."""
        self._closed.set()
        self._beat_soon.set()
        self._socket.close()

    # --- requests ------------------------------------------------------------------------------------------------

    def _request(
        self,
        content: Mapping[str, Any],
        blobs: Sequence[bytes],
        seconds: float,
        *,
        again: bool,
        on_output: Callable[[str], None] | None,
    ) -> Mapping[str, Any]:
        deadline = time.monotonic() + seconds
        while True:
            message = Message("shell", "execute_request", content, new_id(), buffers=blobs)
            pending = self._pending[message.id] = _Pending()
            if on_output is not None:
                self._outputs[message.id] = on_output
            try:
                generation = self._socket.send(message, deadline - time.monotonic())
                self._await(pending, generation, deadline)
            finally:
                self._pending.pop(message.id, None)
                self._outputs.pop(message.id, None)
            if pending.content is not None:
                return pending.content
            if time.monotonic() >= deadline:
                raise ChannelLost(f"The kernel {self._label} must answer within {seconds:.0f} seconds; it did not.")
            if not again:
                raise ChannelLost(f"The connection to {self._label} was lost before the kernel answered.")

    def _await(self, pending: _Pending, generation: int, deadline: float) -> None:
        """Wait for an answer until it is there, or the connection was lost and has been back for a while."""
        while not pending.done.wait(min(0.25, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                return
            if self._socket.generation != generation and self._socket.up:
                # The server keeps what was said meanwhile and says it now.
                pending.done.wait(min(_GRACE_SECONDS, max(0.0, deadline - time.monotonic())))
                return

    def _take(self, message: Message) -> None:
        if message.channel == "shell":
            pending = self._pending.get(message.parent)
            if pending is not None:
                pending.content = message.content
                pending.done.set()
        elif message.kind == "comm_msg":
            data = message.content.get("data") or {}
            if data.get("target") == HINT_TARGET:
                self._hear(data, message.buffers)
        elif message.kind == "stream":
            output = self._outputs.get(message.parent)
            if output is not None:
                output(str(message.content.get("text", "")))
        elif message.kind == "status" and message.content.get("execution_state") in {"restarting", "dead"}:
            if message.content["execution_state"] == "dead":
                self._socket.kernel_dead()
            self._socket.kernel_restarted()
            self._beat_soon.set()

    def _hear(self, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        followed = self._followed.get(str(data.get("path")))
        if followed is None:
            return
        blob = bytes(buffers[0]) if buffers else b""
        followed.size = max(followed.size, int(data["size"]))
        if data.get("ended"):
            self._beat_soon.set()  # the beat looks once more and tells the end: a hint may be about an older process
            return
        followed.take(Hint(str(data["path"]), int(data["offset"]), int(data["size"]), blob))

    # --- the beat ------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        while not self._closed.is_set():
            self._beat_soon.wait(_BEAT_SECONDS)
            self._beat_soon.clear()
            if self._closed.is_set() or not self._followed:
                continue
            # Lost or refused: the next beat asks again, and whoever waits hears it from the socket.
            with contextlib.suppress(ChannelLost, ActFailed, UserProblem):
                self._look()

    def _look(self) -> None:
        at_work = {path: each for path, each in self._followed.items() if not each.ended}
        try:
            told = self.call(
                "look", {"files": {path: each.pid for path, each in at_work.items()}}, timeout_seconds=_SILENT_SECONDS
            )
        except ChannelLost:
            if self._socket.up:
                if not self._silent:
                    self._silent = True
                    self._tell(
                        f"the kernel {self._label} does not answer: it died, or is very busy; what it trains goes on"
                    )
                self._socket.look_for_kernel()
            raise
        if self._silent:
            self._silent = False
            if told["memory"] == self._memory:
                self._tell(f"the kernel {self._label} answers again")
        if self._memory is not None and told["memory"] != self._memory:
            self._tell(f"the kernel {self._label} died and was started again; what it trained goes on")
        self._memory = told["memory"]
        for path, facts in told["files"].items():
            each, size, ended = at_work[path], int(facts["size"]), bool(facts["ended"])
            if size > each.size or ended:
                each.size, each.ended = max(size, each.size), ended
                each.take(Hint(path, size, size, ended=ended))

    # --- files ---------------------------------------------------------------------------------------------------

    def _served(self, path: str) -> str | None:
        """Return the path below the server's root, or None for a file that it does not serve."""
        if not self._root_known:
            mark = self.call("mark", {})
            found = self.rest.files(mark["name"], 0, 200)
            self._root = mark["root"] if found is not None and found.decode(errors="replace") == mark["text"] else None
            self._root_known = True
        if self._root is None:
            return None
        try:
            below = PurePosixPath(path).relative_to(self._root)
        except ValueError:
            return None
        # Servers answer 404 for hidden files.
        return None if any(part.startswith(".") for part in below.parts) else str(below)

    def _tell(self, text: str) -> None:
        if self._on_state is not None and not self._closed.is_set():
            self._on_state(text)
