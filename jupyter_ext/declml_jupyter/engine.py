"""The language server's completion as a function: a cell and a place in, words out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lsprotocol import types

from declml_lsp.facts import Facts
from declml_lsp.methods.completion import complete
from declml_lsp.session import Session, snapshot_of
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text

_CELL = "notebook-cell:declml"
_MOST_ROWS = 10_000
"""How much of a table is looked at for its columns."""


class Engine:
    """Keeps the session of one shell: what it has learned of plug-ins and data files stays known."""

    def __init__(self) -> None:
        self._session = Session(_Nobody())
        self._facts = self._session.facts
        self._told: tuple[Any, Mapping[str, Any]] | None = None

    def offers(self, text: str, line: int, column: int, table: Any) -> tuple[str, list[str]]:
        """Return what is typed of the word at a place, and the words that may stand there, the best first.

        ``table`` is the data of the cell where it is a table of the notebook.
        """
        snapshot = snapshot_of(_CELL, 0, Text(text, "utf-32"), language="yaml", notebook=_CELL)
        if snapshot is None:
            return "", []
        self._session.facts = self._facts if table is None else _TableFacts(self._session, self._profile(table))
        self._session.snapshots[_CELL] = snapshot
        place = types.Position(line, column)
        params = types.CompletionParams(types.TextDocumentIdentifier(_CELL), place)
        return _words(complete(self._session, snapshot, params).items, snapshot.lines[line], column)

    def _profile(self, table: Any) -> Mapping[str, Any]:
        """Return the profile of a table, made once for as long as it is asked for."""
        if self._told is None or self._told[0] is not table:
            from declml import api

            found = api.profile(_first_rows(table)).as_json()
            types_of = {each["name"]: each["dtype"] for each in found["columns"]}
            self._told = (table, {**found, "column_types": types_of})
        return self._told[1]


def _words(items: Any, line: str, column: int) -> tuple[str, list[str]]:
    """Return the texts of items that go on with what is typed, and what that is."""
    fragment: str | None = None
    words: list[str] = []
    for item in sorted(items, key=lambda each: each.sort_text or each.label):
        edit = item.text_edit
        if edit is None or item.insert_text_format == types.InsertTextFormat.Snippet:
            continue
        typed = line[edit.range.start.character : column]
        if fragment is None:
            fragment = typed
        written = edit.new_text
        if typed != fragment or "\n" in written:
            continue  # IPython replaces the same text for all, within a line
        if (item.filter_text or item.label).casefold().startswith(typed.casefold()):
            words.append(written)
    return fragment or "", list(dict.fromkeys(words))


def _first_rows(table: Any) -> Any:
    cut = getattr(table, "head", None)
    return cut(_MOST_ROWS) if cut is not None else table.slice(0, _MOST_ROWS)


class _TableFacts(Facts):
    """Facts of a table in memory: nobody has to be asked."""

    def __init__(self, session: Session, profile: Mapping[str, Any]) -> None:
        super().__init__(session.client.refresh, settings=session.settings, log=session.client.log)
        self._profile_told = profile

    def profile(self, snapshot: Snapshot) -> Mapping[str, Any] | None:
        """Return what is known of the table."""
        return self._profile_told


class _Nobody:
    """The client of a session that nobody listens to."""

    def refresh(self, uri: str) -> None:
        """Show nothing anew."""

    def refresh_lenses(self) -> None:
        """Show nothing anew."""

    def log(self, message: str) -> None:
        """Write nothing."""

    def notify(self, method: str, params: Any) -> None:
        """Tell nobody."""
