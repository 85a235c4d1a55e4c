"""pygls, adjusted in one place: lines end where editors end them, and edits are applied by offset."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.workspace import TextDocument, Workspace

from declml_lsp.text import Text


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
    """The protocol with that workspace."""

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Answer ``initialize``; no document is open yet, so the workspace can still be replaced."""
        result = yield from super().lsp_initialize(params)
        made = self.workspace
        self._workspace = ConfigWorkspace(
            made.root_uri, types.TextDocumentSyncKind.Incremental, list(made.folders.values()), made.position_encoding
        )
        return result


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
