"""What tests of completion share: an editor that completes at the ``|`` of a text, and takes one of the items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.protocol import default_converter

from declml_lsp.facts import Facts
from declml_lsp.methods.completion import complete
from declml_lsp.methods.completion_resolve import resolve
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_schema.vocabulary import Vocabulary, vocabulary

from .editing import FILE, QuietClient, at_cursor
from .raw_client import profile

VS_CODE, NEOVIM, EMACS = "visual_studio_code_v1.65.2", "neovim_v0.11.0", "emacs_v29.1"
CONVERTER = default_converter()
_PLACES = re.compile(r"\$\{\d+\|(?P<first>[^,|]*)[^}]*\}|\$\{\d+:(?P<given>[^}]*)\}|\$\d")


class ToldFacts(Facts):
    """What the runtime would tell, told by the test: no process is started."""

    def __init__(self, session: Session, words: Vocabulary, profile: Mapping[str, Any] | None) -> None:
        super().__init__(session.client.refresh, settings=session.settings, log=session.client.log)
        self._told_words, self._told_profile = words, profile

    def words(self, snapshot: Snapshot) -> Vocabulary:
        return self._told_words

    def profile(self, snapshot: Snapshot) -> Mapping[str, Any] | None:
        return self._told_profile


def column(
    name: str, kind: str | None, *, dtype: str = "String", missing: int = 0, distinct: int = 3
) -> dict[str, Any]:
    """Return the facts about one column of a hundred rows."""
    return {
        "name": name, "dtype": dtype, "feature_type": kind, "reason": "so it looks", "rows": 100, "missing": missing,
        "distinct": distinct, "examples": ["a", "b"], "top_values": [["a", 60], ["b", 40]], "number": None,
        "warnings": [],
    }  # fmt: skip


def table(*columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the profile of a table."""
    return {"rows": 100, "columns": list(columns), "column_types": {each["name"]: each["dtype"] for each in columns}}


class Completed:
    """An answer, and the text that it was given for."""

    def __init__(self, session: Session, snapshot: Snapshot, place: types.Position) -> None:
        self.session, self.snapshot, self.place = session, snapshot, place
        params = types.CompletionParams(types.TextDocumentIdentifier(snapshot.uri), place)
        self.list = complete(session, snapshot, params)
        self.items = sorted(self.list.items, key=lambda item: item.sort_text or "")

    @property
    def labels(self) -> list[str]:
        """What is offered, the best first."""
        return [item.label for item in self.items]

    @property
    def keys(self) -> list[str]:
        """What is offered but for snippets and merges."""
        return [item.label for item in self.items if "…" not in item.label and "*" not in item.label]

    def item(self, label: str) -> types.CompletionItem:
        """Return the first item with that label."""
        return next(item for item in self.items if item.label == label)

    def taken(self, item: types.CompletionItem | str) -> str:
        """Return the text after an item was taken, a snippet's places filled with their first choice or ``x``."""
        item = self.item(item) if isinstance(item, str) else item
        edit = item.text_edit
        assert isinstance(edit, types.TextEdit)
        new = edit.new_text
        if item.insert_text_format is types.InsertTextFormat.Snippet:
            new = _PLACES.sub(lambda found: found["first"] or found["given"] or "x", new.replace("$0", ""))
        span = self.snapshot.text.span(edit.range)
        lines = [*self.snapshot.text.lines]
        line = lines[span.start.line]
        lines[span.start.line] = line[: span.start.column] + new + line[span.end.column :]
        return "\n".join(lines)

    def docs(self, label: str) -> str:
        """Return an item's documentation, fetched where the client does that."""
        item = self.item(label)
        if item.documentation is None:
            data = item.data or (self.list.item_defaults.data if self.list.item_defaults else None)
            item = resolve(
                self.session, types.CompletionItem(item.label, kind=item.kind, detail=item.detail, data=data)
            )
        found = item.documentation
        return found.value if isinstance(found, types.MarkupContent) else found or ""


def capabilities_of(editor: str) -> types.ClientCapabilities:
    """Return what an editor declares."""
    return CONVERTER.structure(profile(editor), types.ClientCapabilities)


def completed(
    text: str,
    *,
    editor: str = VS_CODE,
    data: Mapping[str, Any] | None = None,
    words: Vocabulary | None = None,
    capabilities: types.ClientCapabilities | None = None,
    file: Path = FILE,
    mark: str = "|",
) -> Completed:
    """Return what is offered at the mark of a text."""
    source, position = at_cursor(text, mark)
    session = Session(QuietClient(), capabilities=capabilities or capabilities_of(editor))
    session.facts = ToldFacts(session, words or vocabulary(), data)
    snapshot = Snapshot(file.as_uri(), 1, Text(source), source, file)
    session.snapshots[snapshot.uri] = snapshot
    return Completed(session, snapshot, snapshot.text.place(position))


def offered(text: str, **known: Any) -> Sequence[str]:
    """Return the labels that are offered at the mark of a text, snippets left out, the best first."""
    return completed(text, **known).keys
