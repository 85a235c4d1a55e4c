"""What tests of the server's pure functions share: a text with a cursor in it, and a session around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsprotocol import types

from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_schema.problems import Position

FILE = Path("/project/config.declml.yaml")


class QuietClient:
    """A client that remembers what it was told."""

    def __init__(self) -> None:
        self.logged: list[str] = []
        self.refreshed: list[str] = []
        self.notified: list[tuple[str, Any]] = []

    def refresh(self, uri: str) -> None:
        self.refreshed.append(uri)

    def refresh_lenses(self) -> None:
        self.refreshed.append("lenses")

    def log(self, message: str) -> None:
        self.logged.append(message)

    def notify(self, method: str, params: Any) -> None:
        self.notified.append((method, params))


def at_cursor(text: str, mark: str = "|") -> tuple[str, Position]:
    """Return a text without its mark, and where that stood."""
    before, found, after = text.partition(mark)
    assert found, "the text must hold a cursor"
    return before + after, Position(before.count("\n"), len(before) - before.rfind("\n") - 1)


def opened(
    text: str, *, file: Path = FILE, capabilities: types.ClientCapabilities | None = None
) -> tuple[Session, Snapshot]:
    """Return a session that holds one open config."""
    session = Session(QuietClient(), capabilities=capabilities or types.ClientCapabilities())
    snapshot = Snapshot(file.as_uri(), 1, Text(text), text, file)
    session.snapshots[snapshot.uri] = snapshot
    return session, snapshot


def place_of(snapshot: Snapshot, position: Position) -> types.Position:
    """Return a place as the client counts it."""
    return snapshot.text.place(position)


def document_of(snapshot: Snapshot) -> types.TextDocumentIdentifier:
    """Return the identifier that a request names the document by."""
    return types.TextDocumentIdentifier(snapshot.uri)


def applied(snapshot: Snapshot, edits: list[types.TextEdit]) -> str:
    """Return the text after edits, as a client applies them: all of them refer to the text before."""
    lines = snapshot.text.source.splitlines(keepends=True)
    offsets = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]

    def offset(place: types.Position) -> int:
        position = snapshot.text.position(place)
        return offsets[min(position.line, len(lines))] + position.column

    text = snapshot.text.source
    for edit in sorted(edits, key=lambda each: offset(each.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text
