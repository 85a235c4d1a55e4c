"""pygls, adjusted in one place: how texts are split and edited, what becomes of broken messages, what is forgotten."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Generator, Hashable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.workspace import TextDocument, Workspace

from declml.runs.alive import is_alive
from declml_lsp.outbox import Outbox
from declml_lsp.text import Text
from declml_lsp.written import Written

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

LOG = logging.getLogger("declml")
MOST_OPEN = 128
"""How many messages are handled at a time. An editor has a handful; one that does not wait for answers has to."""


class ConfigDocument(TextDocument):
    """A document whose lines end at ``\\n``, ``\\r\\n`` and ``\\r`` only; pygls's own also end at U+2028 and others."""

    _split_from: str | None = None
    _split: Sequence[str] = ()

    @property
    def lines(self) -> Sequence[str]:
        """The lines with their ends."""
        source = self.source
        if source is not self._split_from:
            self._split_from, self._split = source, _with_ends(source)
        return self._split

    def text(self) -> Text:
        """Return the present text as an immutable value."""
        return Text(self.source, self.position_codec.encoding or types.PositionEncodingKind.Utf16)

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        text = self.text()
        span = text.span(change.range)
        lines = self.lines
        start = sum(map(len, lines[: span.start.line])) + span.start.column
        end = sum(map(len, lines[: span.end.line])) + span.end.column
        self._source = text.source[:start] + change.text + text.source[end:]


class ConfigWorkspace(Workspace):
    """A workspace of such documents."""

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> TextDocument:
        return ConfigDocument(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )


class ConfigProtocol(LanguageServerProtocol):
    """The protocol with that workspace. ``ended`` is set when the client has said ``exit``."""

    ended: asyncio.Event
    exit_code = 1
    client_process: int | None = None
    _leaving = False
    _outbox: Outbox | None = None
    _thread = 0

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._free = asyncio.Event()
        self._free.set()

    def begin(self, outbox: Outbox) -> None:
        """Take the event loop's place: from now on, messages come through `receive` and go out through ``outbox``."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._outbox = outbox
        self.ended = asyncio.Event()

    async def free(self) -> None:
        """Wait until one more message may be handled: not too many are, and not too much waits to be sent."""
        await self._free.wait()
        if self._outbox is not None:
            await self._outbox.room()

    def receive(self, body: bytes) -> None:
        """Handle one message; a broken one costs itself, and a request is always answered."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            LOG.warning("A message is not JSON: %s", error)
            self._refuse(None, JsonRpcParseError("A message must be JSON."))
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != self.VERSION:
            number = data.get("id") if isinstance(data, dict) else None
            self._refuse(number, JsonRpcInvalidRequest("A message must be an object of JSON-RPC 2.0."))
            return
        number, method = data.get("id"), data.get("method")
        if number is not None and method is not None and (reason := self._no_answer_to(method)) is not None:
            self._refuse(number, reason)
            return
        try:
            message: Any = self.structure_message(data)
        except JsonRpcException as error:
            if number is not None and method is not None:
                self._refuse(number, error)
            elif number is not None:
                self._forget(number, error)
            return
        self.handle_message(message)

    def _no_answer_to(self, method: str) -> JsonRpcException | None:
        """Return why a request is not even looked at, None where it is."""
        if self._leaving:
            return JsonRpcInvalidRequest("The server is shutting down.")
        if self._workspace is None and method != types.INITIALIZE:
            return JsonRpcServerNotInitialized("The first request must be initialize.")
        if method not in self.fm.builtin_features and method not in self.fm.features:
            return JsonRpcMethodNotFound(f"There is no request {method}.")
        return None

    def _refuse(self, number: Any, reason: JsonRpcException) -> None:
        # As plain data: an answer to nobody has the id null (JSON-RPC 2.0, 5), which lsprotocol would leave out.
        error = {"code": reason.code, "message": reason.message}
        self._send_data({"jsonrpc": self.VERSION, "id": number, "error": error})

    def _forget(self, number: Any, reason: JsonRpcException) -> None:
        """Fail a question of ours whose answer cannot be read."""
        future = self._request_futures.pop(number, None)
        if future is not None and not future.done():
            future.set_exception(reason)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Answer ``initialize``, with a workspace of our own at once: an impatient client opens documents already."""
        # A process that cannot be seen from here (that of an editor outside of this container) tells nothing by its
        # absence.
        if params.process_id is not None and is_alive(params.process_id):
            self.client_process = params.process_id
        steps = super().lsp_initialize(params)
        step = next(steps)
        made = self.workspace
        self._workspace = ConfigWorkspace(
            made.root_uri, types.TextDocumentSyncKind.Incremental, list(made.folders.values()), made.position_encoding
        )
        try:
            while True:
                step = steps.send((yield step))
        except StopIteration as end:
            return end.value

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *arguments: Any) -> Generator[Any, Any, None]:
        """Answer ``shutdown``: what is still being answered is given up. pygls would trip over its own list here."""
        self._leaving = True
        handler = self.fm.features.get(types.SHUTDOWN)
        if handler is not None:
            yield handler, arguments, None
        for number, future in [*self._request_futures.items()]:
            if number != self.msg_id and not future.done():
                future.cancel()
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_arguments: Any) -> Generator[Any, Any, None]:
        """End the conversation; without a ``shutdown`` before it, this is a failure (LSP 3.17, `exit`)."""
        self.exit_code = 0 if self._leaving else 1
        self.ended.set()
        yield from ()

    def _execute_handler(
        self,
        msg_id: Any,
        handler: Callable[..., Any],
        callback: Callable[[Future[Any]], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Run a handler; pygls keeps the outcome of every notification for ever, which this forgets."""

        def done(future: Future[Any]) -> None:
            self._request_futures.pop(msg_id, None)
            if len(self._request_futures) < MOST_OPEN:
                self._free.set()
            callback(future)

        super()._execute_handler(msg_id, handler, done, args, kwargs)
        if len(self._request_futures) >= MOST_OPEN:
            self._free.clear()

    def _send_data(self, data: Any) -> None:
        if self._outbox is None:
            super()._send_data(data)
        elif threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self._send_data, data)
        else:
            if isinstance(result := getattr(data, "result", None), Written):
                data = {"jsonrpc": self.VERSION, "id": data.id, "result": result.data}
            # ASCII: half a surrogate pair, which JavaScript's texts may hold, has no UTF-8.
            body = json.dumps(data, default=self._serialize_message, separators=(",", ":")).encode("ascii")
            replaces = _replaces(data)
            is_news = replaces is None and hasattr(data, "method") and not hasattr(data, "id") and not _is_part(data)
            self._outbox.put(body, replaces=replaces, may_be_dropped=is_news)


def _replaces(data: Any) -> Hashable:
    """Return what a message is the newest state of: the problems of one document; None for all others."""
    if isinstance(data, types.PublishDiagnosticsNotification):
        return (types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, data.params.uri)
    return None


def _is_part(data: Any) -> bool:
    """Return whether a message is a part of an answer, which is incomplete without it."""
    value = data.params.value if isinstance(data, types.ProgressNotification) else None
    return isinstance(value, types.WorkspaceDiagnosticReportPartialResult)


def _with_ends(source: str) -> list[str]:
    """Return the lines of a text with their ends; an empty text has none, as pygls expects."""
    if "\r" not in source:
        parts = source.split("\n")
        lines = [part + "\n" for part in parts[:-1]]
        return [*lines, parts[-1]] if parts[-1] else lines
    lines: list[str] = []
    start = 0
    while start < len(source):
        feed, carriage = source.find("\n", start), source.find("\r", start)
        ends = [end for end in (feed, carriage) if end >= 0]
        if not ends:
            lines.append(source[start:])
            break
        end = min(ends) + 1
        if end < len(source) and source[end - 1] == "\r" and source[end] == "\n":
            end += 1
        lines.append(source[start:end])
        start = end
    return lines
