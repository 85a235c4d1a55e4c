"""The agent's door for clients on the same machine: a Unix socket that only this user can open.

Served by threads of its own, so it answers while the kernel runs a cell. A web page cannot reach it: it is no port.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from declml.kernels.agent import Agent, agent
from declml.kernels.channel import ActFailed, Hint
from declml.kernels.feed import Feed
from declml.kernels.wire import Broken, Wire

LARGEST_READ = 2**22


def serve(address: str) -> None:
    """Open the socket ``address`` for this process's agent, begin to warm up, and end the kernel when it is idle."""
    draft = Path(f"{address}~")
    draft.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(draft))
    finally:
        os.umask(before)
    listener.listen()
    draft.replace(address)  # who finds it may connect
    it = agent()
    it.warm_up()
    it.watch_idleness(Path(address))
    threading.Thread(target=_accept, args=(listener, it), name="declml socket", daemon=True).start()


def _accept(listener: socket.socket, it: Agent) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        if not is_own_user(connection):
            connection.close()
            continue
        threading.Thread(target=_serve_one, args=(connection, it), name="declml client", daemon=True).start()


def is_own_user(connection: socket.socket) -> bool:
    """Return whether the process at the other end belongs to this user (or root), as the system says."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the socket's mode is what guards it there
    _pid, uid, _gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return uid in {os.getuid(), 0}


def _serve_one(connection: socket.socket, it: Agent) -> None:
    with connection, connection.makefile("rb") as reader, connection.makefile("wb") as writer:
        Conversation(Wire(reader, writer), it).run()


@dataclass
class Conversation:
    """One client: answers each of its messages in turn, and feeds it the files that it follows."""

    wire: Wire
    agent: Agent
    feeds: list[Feed] = field(default_factory=list[Feed])

    def run(self) -> None:
        """Answer until the client goes."""
        try:
            with contextlib.suppress(OSError, ValueError, Broken):  # the client went, or is none
                while (received := self.wire.receive()) is not None:
                    self._answer(*received)
        finally:
            for each in self.feeds:
                each.stop()

    def _answer(self, message: dict[str, Any], blobs: list[bytes]) -> None:
        number, act, arguments = message.get("id"), str(message.get("act")), message.get("arguments") or {}
        try:
            if act == "read":
                self.wire.send({"id": number, "answer": None}, [_read(**arguments)])
                return
            answer = self._follow(**arguments) if act == "follow" else self.agent.call(act, arguments, blobs)
        except (ActFailed, OSError, TypeError, ValueError) as error:
            self.wire.send({"id": number, "failed": str(error)})
        else:
            self.wire.send({"id": number, "answer": answer})

    def _follow(self, path: str, offset: int, pid: int) -> None:
        feed = Feed(Path(path), offset, pid, self._hint)
        self.feeds.append(feed)
        feed.start()

    def _hint(self, hint: Hint) -> None:
        about = {"path": hint.path, "offset": hint.offset, "size": hint.size, "ended": hint.ended}
        self.wire.send({"hint": about}, [hint.data])


def _read(path: str, offset: int, limit: int) -> bytes:
    try:
        with Path(path).open("rb") as file:
            file.seek(offset)
            return file.read(min(limit, LARGEST_READ))
    except FileNotFoundError:
        return b""
