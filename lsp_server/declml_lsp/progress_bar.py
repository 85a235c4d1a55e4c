"""A progress bar of the client's, with a button that cancels: it never keeps the work waiting for an answer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer


class ProgressBar:
    """One bar (LSP 3.17, work done progress). Until the client has opened it, reports are only remembered."""

    def __init__(self, server: LanguageServer, title: str, cancel: Callable[[], object]) -> None:
        self._progress = server.work_done_progress
        self._title = title
        self._cancel = cancel
        self._token = str(uuid.uuid4())
        self._is_open = False
        self._end: str | None = None
        self._last = ("", -1)
        self._opening: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Ask the client for a bar."""
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        try:
            await self._progress.create_async(self._token)
        except Exception:  # noqa: BLE001 - a client that refuses the bar gets its news by other ways
            return
        begin = types.WorkDoneProgressBegin(self._title, cancellable=True, percentage=0)
        self._progress.begin(self._token, begin)
        self._progress.tokens[self._token].add_done_callback(self._done)
        self._is_open = True
        if self._end is not None:
            self.close(self._end)

    def _done(self, future: Future[Any]) -> None:
        if future.cancelled():
            self._cancel()

    def report(self, message: str, share: float | None) -> None:
        """Say how far the work is; ``share`` is from 0 to 1, or None while that is unknown."""
        percentage = -1 if share is None else int(100 * share)
        if self._is_open and (message, percentage) != self._last:
            self._last = (message, percentage)
            report = types.WorkDoneProgressReport(message=message, percentage=percentage if share is not None else None)
            self._progress.report(self._token, report)

    def close(self, message: str) -> None:
        """Take the bar away."""
        self._end = message
        if self._is_open:
            self._is_open = False
            self._progress.end(self._token, types.WorkDoneProgressEnd(message=message))
            self._progress.tokens.pop(self._token, None)
