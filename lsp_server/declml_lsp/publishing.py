"""Sends problems to clients that do not ask for them: once the typing pauses, and of the newest version only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from lsprotocol import types

from declml_lsp.snapshot import Snapshot

PAUSE_SECONDS = 0.05
"""How long a change waits for the next one before the config is checked."""

Diagnose = Callable[[Snapshot], Awaitable[list[types.Diagnostic] | None]]


class Publisher:
    """One task per document at most; a newer change takes the place of an older one that still waits."""

    def __init__(self, diagnose: Diagnose, send: Callable[[types.PublishDiagnosticsParams], None]) -> None:
        self._diagnose = diagnose
        self._send = send
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def schedule(self, snapshot: Snapshot, *, now: bool = False) -> None:
        """Check a document soon, or at once."""
        self.forget(snapshot.uri)
        task = asyncio.get_running_loop().create_task(self._publish(snapshot, 0 if now else PAUSE_SECONDS))
        self._waiting[snapshot.uri] = task

    def forget(self, uri: str) -> None:
        """Drop what waits for a document."""
        task = self._waiting.pop(uri, None)
        if task is not None:
            task.cancel()

    def clear(self, uri: str, version: int | None) -> None:
        """Take back the problems of a document that was closed or is a config no more."""
        self.forget(uri)
        self._send(types.PublishDiagnosticsParams(uri, [], version))

    async def _publish(self, snapshot: Snapshot, pause: float) -> None:
        if pause:
            await asyncio.sleep(pause)
        found = await self._diagnose(snapshot)
        if found is not None:
            self._send(types.PublishDiagnosticsParams(snapshot.uri, found, snapshot.version))
        if self._waiting.get(snapshot.uri) is asyncio.current_task():
            del self._waiting[snapshot.uri]
