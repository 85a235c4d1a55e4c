"""A channel to the warm kernel of another machine through the user's own ``ssh``, which comes back when it is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from declml.errors import UserProblem
from declml.kernels.channel import ActFailed, Channel, ChannelLost, Hint, Json, OnHint
from declml.kernels.server_channel import ONCE
from declml.kernels.ssh_process import Bridge, Target, target_of
from declml.kernels.stream_channel import StreamChannel

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 4.0


@dataclass
class _Followed:
    pid: int
    take: OnHint
    offset: int
    ended: bool = False

    def hear(self, hint: Hint) -> None:
        """Remember how far the other side has told, and pass the hint on."""
        self.offset = max(self.offset, hint.size)
        self.ended = self.ended or hint.ended
        self.take(hint)


class SshChannel:
    """A `declml.kernels.channel.Channel` over one ``ssh`` after another. ``on_state`` hears of each loss and return."""

    def __init__(self, target: Target, *, on_state: Callable[[str], None] | None = None) -> None:
        self._target, self._on_state = target, on_state
        self._followed: dict[str, _Followed] = {}
        self._failed: UserProblem | None = None
        self._closed = threading.Event()
        self._there = threading.Condition()
        self._bridge = Bridge(target)
        self._stream: StreamChannel | None = self._open(self._bridge)
        self._memory = str(self._stream.call("about", {})["began"])

    @property
    def label(self) -> str:
        """How a person knows the kernel."""
        return self._target.label

    @property
    def gone(self) -> bool:
        """Whether the connection will not come back."""
        return self._closed.is_set() or self._failed is not None

    def call(
        self, act: str, arguments: Mapping[str, Json], *, blobs: Sequence[bytes] = (), timeout_seconds: float = 30.0
    ) -> Json:
        """Have the agent do ``act`` and return its answer."""

        def ask(stream: Channel, left: float) -> Json:
            return stream.call(act, arguments, blobs=blobs, timeout_seconds=left)

        return self._patiently(ask, timeout_seconds, again=act not in ONCE)

    def read(self, path: str, offset: int, limit: int) -> bytes:
        """Return up to ``limit`` bytes of a file of the other side from ``offset`` on."""
        return self._patiently(lambda stream, _left: stream.read(path, offset, limit), 60.0, again=True)

    def follow(self, path: str, offset: int, pid: int, take: OnHint) -> None:
        """Tell ``take`` of everything that is appended to ``path`` from ``offset`` on."""
        followed = self._followed[path] = _Followed(pid, take, offset)
        self._patiently(lambda stream, _left: stream.follow(path, offset, pid, followed.hear), 30.0, again=True)

    def close(self) -> None:
        """Let go of the connection."""
        with self._there:
            self._closed.set()
            self._stream = None
            self._there.notify_all()
        self._bridge.close()

    def _patiently(self, ask: Callable[[StreamChannel, float], Json], seconds: float, *, again: bool) -> Json:
        deadline = time.monotonic() + seconds
        while True:
            with self._there:
                self._there.wait_for(lambda: self._stream is not None or self.gone, deadline - time.monotonic())
                stream = self._stream
            if self._failed is not None:
                raise self._failed
            if stream is None:
                raise ChannelLost(f"{self.label} must be reachable; it is not.")
            try:
                return ask(stream, max(0.1, deadline - time.monotonic()))
            except ChannelLost:
                # The answer may only be late: then the stream is still there.
                if not again or not stream.gone or time.monotonic() > deadline:
                    raise
                with self._there:
                    self._there.wait_for(lambda lost=stream: self._stream is not lost, 1.0)

    def _open(self, bridge: Bridge) -> StreamChannel:
        return StreamChannel(bridge.reader, bridge.writer, label=self.label, shut=bridge.close, lost=self._lost)

    def _lost(self) -> None:
        with self._there:
            if self._closed.is_set():
                return
            self._stream = None
        self._tell("reconnecting")
        threading.Thread(target=self._come_back, name=f"ssh {self.label}", daemon=True).start()

    def _come_back(self) -> None:
        self._bridge.close()
        pause = _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                self._bridge = Bridge(self._target)
                stream = self._open(self._bridge)
                self._follow_again(stream)
            except (ChannelLost, ActFailed):
                self._closed.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            except UserProblem as problem:
                with self._there:
                    self._failed = problem
                    self._there.notify_all()
                return
            with self._there:
                if stream.gone:  # lost again meanwhile: that has its own way back
                    return
                self._stream = stream
                self._there.notify_all()
            self._tell("connected again")
            return
        self._bridge.close()

    def _follow_again(self, stream: StreamChannel) -> None:
        memory = str(stream.call("about", {})["began"])
        if memory != self._memory:
            self._memory = memory
            self._tell(f"the kernel on {self.label} died and was started again; what it trained goes on")
        for path, each in list(self._followed.items()):
            if not each.ended:
                stream.follow(path, each.offset, each.pid, each.hear)

    def _tell(self, text: str) -> None:
        if self._on_state is not None and not self._closed.is_set():
            self._on_state(text)


def ssh_kernel(address: str, *, on_state: Callable[[str], None] | None = None) -> SshChannel:
    """Return a channel to the warm kernel of ``ssh://user@host[:port][/path/to/python]``; a `UserProblem` when it has
    none, or cannot be reached.
    """
    target = target_of(address)
    try:
        return SshChannel(target, on_state=on_state)
    except ChannelLost as lost:
        raise UserProblem("kernel-unreachable", str(lost), hint=f"Does this work? ssh {target.host} true") from lost
