"""A channel over a stream of bytes: the socket of a kernel on this machine, or the pipes of an ``ssh``."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from declml.kernels.channel import ActFailed, ChannelLost, Hint, Json, OnHint
from declml.kernels.wire import Broken, Wire


class _Pending:
    """A question that waits for its answer."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.message: Mapping[str, Any] = {}
        self.blobs: Sequence[bytes] = ()


class StreamChannel:
    """A `declml.kernels.channel.Channel`. ``shut`` ends the stream, so that its reader wakes up.

    ``lost`` is called once, from the reader's thread, when the stream ends although nobody closed it.
    """

    def __init__(
        self,
        reader: IO[bytes],
        writer: IO[bytes],
        *,
        label: str,
        shut: Callable[[], None],
        lost: Callable[[], None] | None = None,
    ) -> None:
        self._label, self._shut, self._lost = label, shut, lost
        self._wire = Wire(reader, writer)
        self._numbers = itertools.count(1)
        self._pending: dict[int, _Pending] = {}
        self._takers: dict[str, OnHint] = {}
        self._gone = threading.Event()
        self._closed = False
        self._reader = threading.Thread(target=self._listen, name=f"kernel {label}", daemon=True)
        self._reader.start()

    @property
    def label(self) -> str:
        """How a person knows the kernel."""
        return self._label

    @property
    def gone(self) -> bool:
        """Whether the stream has ended."""
        return self._gone.is_set()

    def call(
        self, act: str, arguments: Mapping[str, Json], *, blobs: Sequence[bytes] = (), timeout_seconds: float = 30.0
    ) -> Json:
        """Have the agent do ``act`` and return its answer."""
        return self._ask(act, arguments, blobs, timeout_seconds).message.get("answer")

    def read(self, path: str, offset: int, limit: int) -> bytes:
        """Return up to ``limit`` bytes of a file of the other side from ``offset`` on."""
        answer = self._ask("read", {"path": path, "offset": offset, "limit": limit}, (), 60.0)
        return answer.blobs[0] if answer.blobs else b""

    def follow(self, path: str, offset: int, pid: int, take: OnHint) -> None:
        """Tell ``take`` of everything that is appended to ``path`` from ``offset`` on."""
        self._takers[path] = take
        self._ask("follow", {"path": path, "offset": offset, "pid": pid}, (), 30.0)

    def close(self) -> None:
        """Let go of the connection."""
        self._closed = True
        self._shut()

    def _ask(self, act: str, arguments: Mapping[str, Json], blobs: Sequence[bytes], seconds: float) -> _Pending:
        number, pending = next(self._numbers), _Pending()
        self._pending[number] = pending
        try:
            if self._gone.is_set():
                raise ChannelLost(f"The kernel {self._label} is gone.")
            try:
                self._wire.send({"id": number, "act": act, "arguments": dict(arguments)}, blobs)
            except (OSError, ValueError) as error:
                raise ChannelLost(f"The kernel {self._label} is gone.") from error
            if not pending.answered.wait(seconds):
                raise ChannelLost(f"The kernel {self._label} must answer within {seconds:.0f} seconds; it did not.")
        finally:
            self._pending.pop(number, None)
        if not pending.message:
            raise ChannelLost(f"The kernel {self._label} went away before it answered.")
        if "failed" in pending.message:
            raise ActFailed(str(pending.message["failed"]))
        return pending

    def _listen(self) -> None:
        with suppress(OSError, ValueError, Broken):
            while (received := self._wire.receive()) is not None:
                self._take(*received)
        self._gone.set()
        for each in list(self._pending.values()):
            each.answered.set()
        if self._lost is not None and not self._closed:
            self._lost()

    def _take(self, message: Mapping[str, Any], blobs: Sequence[bytes]) -> None:
        told = message.get("hint")
        if told is not None:
            taker = self._takers.get(told["path"])
            if taker is not None:
                taker(Hint(told["path"], told["offset"], told["size"], blobs[0] if blobs else b"", told["ended"]))
            return
        pending = self._pending.get(message.get("id", 0))
        if pending is not None:
            pending.message, pending.blobs = message, blobs
            pending.answered.set()


def connect(address: str, *, label: str, lost: Callable[[], None] | None = None) -> StreamChannel:
    """Return a channel to the agent behind the socket ``address``; `ChannelLost` when nobody listens there.

    ``lost`` is called from a thread when the kernel goes although nobody closed the channel.
    """
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
    except OSError as error:
        connection.close()
        raise ChannelLost(f"The kernel {label} is gone.") from error
    reader, writer = connection.makefile("rb"), connection.makefile("wb")

    def shut() -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        for each in (writer, reader, connection):  # the socket stays open as long as one of its files does
            with suppress(OSError):
                each.close()

    return StreamChannel(reader, writer, label=label, shut=shut, lost=lost)
