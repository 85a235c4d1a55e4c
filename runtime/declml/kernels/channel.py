"""What a client needs of a kernel, however it is reached: ask its agent, read its files, hear that a run has news.

The run's ``events.jsonl`` is the truth. A hint says how far it has grown, and carries the bytes where they are few; a
client that finds a gap between two hints reads the bytes between from the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from declml.errors import DeclmlError

Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Hint:
    """News of a file that a client follows.

    ``data`` are the bytes of ``path`` from ``offset`` on: whole lines, or nothing where the news are too many to be
    carried. ``size`` is how long the file was at that moment. ``ended`` says that the process which writes it is gone.
    """

    path: str
    offset: int
    size: int
    data: bytes = b""
    ended: bool = False


OnHint: TypeAlias = Callable[[Hint], None]


class ChannelLost(DeclmlError):
    """The other side cannot be reached any more: the kernel, its server or the connection is gone."""


class ActFailed(DeclmlError):
    """The agent understood and could not do it; the text is one sentence for a person."""


class Channel(Protocol):
    """A kernel that can be asked, on this machine or another. Safe to use from several threads."""

    @property
    def label(self) -> str:
        """How a person knows the kernel; it never holds a secret."""
        ...

    @property
    def gone(self) -> bool:
        """Whether the other side is known to be gone for good."""
        ...

    def call(
        self, act: str, arguments: Mapping[str, Json], *, blobs: Sequence[bytes] = (), timeout_seconds: float = 30.0
    ) -> Json:
        """Have the agent do ``act`` and return its answer; `ActFailed` or `ChannelLost` when there is none."""
        ...

    def read(self, path: str, offset: int, limit: int) -> bytes:
        """Return up to ``limit`` bytes of a file of the other side from ``offset`` on; nothing at its end."""
        ...

    def follow(self, path: str, offset: int, pid: int, take: OnHint) -> None:
        """Tell ``take`` of everything that is appended to ``path`` from ``offset`` on, from a thread of the channel.

        ``pid`` is the process of the other side that writes the file: its end is the last hint.
        """
        ...

    def close(self) -> None:
        """Let go of the connection. What runs on the other side goes on."""
        ...
