"""What waits to be sent to the client: bounded, and the newest state only of what has states.

Newer problems of a document take the place of older ones, and notifications are left out while too much waits. Whoever
takes requests must not take more then (`Outbox.room`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeAlias

MOST_WAITING_BYTES = 16 << 20

Send: TypeAlias = Callable[[bytes], Awaitable[None]]


@dataclass
class Outbox:
    """What waits to be sent, oldest first. Filled from the event loop only."""

    headers: bool
    _waiting: dict[Hashable, bytes] = field(default_factory=dict[Hashable, bytes])
    _size: int = 0
    _number: int = 0
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _empty: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._room.set()
        self._empty.set()

    def put(self, body: bytes, *, replaces: Hashable = None, may_be_dropped: bool = False) -> None:
        """Add a message. One with the same ``replaces`` that still waits is left out."""
        if may_be_dropped and not self._room.is_set():
            return
        self._number += 1
        key = self._number if replaces is None else replaces
        self._size -= len(self._waiting.pop(key, b""))
        self._waiting[key] = b"Content-Length: %d\r\n\r\n%b" % (len(body), body) if self.headers else body
        self._size += len(self._waiting[key])
        self._filled.set()
        self._empty.clear()
        if self._size > MOST_WAITING_BYTES:
            self._room.clear()

    async def room(self) -> None:
        """Wait until not too much waits."""
        await self._room.wait()

    async def flush(self) -> None:
        """Wait until everything is sent."""
        await self._empty.wait()

    async def run(self, send: Send) -> None:
        """Send what waits, for ever; ends with the error of a client that is gone."""
        while True:
            await self._filled.wait()
            while self._waiting:
                key = next(iter(self._waiting))
                data = self._waiting.pop(key)
                await send(data)
                self._size -= len(data)
                if self._size <= MOST_WAITING_BYTES // 2:
                    self._room.set()
            self._filled.clear()
            self._empty.set()
