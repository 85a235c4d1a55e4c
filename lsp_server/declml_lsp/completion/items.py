"""Offers as the protocol writes them: ranked, with an edit that fits what is written around the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from declml_lsp.completion.client import SUGGEST_COMMAND, Client
from declml_lsp.completion.comments import typed_in_comment
from declml_lsp.completion.offer import Offer
from declml_lsp.completion.place import Place
from declml_lsp.completion.wording import plain
from declml_lsp.cursor import Kind
from declml_schema.problems import Position, Span


class Writer:
    """Writes the offers of one place as items."""

    def __init__(self, place: Place) -> None:
        cursor, snapshot = place.cursor, place.snapshot
        self._place = place
        self._client: Client = place.client
        span = cursor.span
        line = snapshot.lines[span.start.line] if span.start.line < len(snapshot.lines) else ""
        self._line_indent = len(line) - len(line.lstrip(" "))
        self._pad = ""
        if cursor.kind is Kind.COMMENT:
            start = span.start.column - len(typed_in_comment(line[: span.start.column]))
            span = Span(Position(span.start.line, start), span.end)
        start = span.start.column
        begins_line = not line[:start].strip() and cursor.kind in (Kind.KEY, Kind.ITEM)
        if begins_line and not cursor.flow and not cursor.has_colon:
            # Where the line is not indented as its neighbours are, what is taken sets that right.
            self._pad = " " * (cursor.indent - start)
            start = min(start, cursor.indent)
            span = Span(Position(span.start.line, start), span.end)
        sign = line[start - 1 : start] if cursor.kind in (Kind.VALUE, Kind.ITEM) else ""
        if sign == ":" or (sign == "-" and not cursor.flow):
            self._pad = " "
        typed_from = max(start, cursor.span.start.column)
        self._lead = line[start:typed_from] + cursor.quote
        self._range = snapshot.text.range(span)
        above = len(line[:start].rstrip(" "))
        self._blanks = line[above:start]
        self._range_below = snapshot.text.range(Span(Position(span.start.line, above), span.end))
        self._quote = cursor.quote

    def items(self, offers: Sequence[Offer], data: Any) -> list[types.CompletionItem]:
        """Return all offers; those that look the same are told once. ``data`` comes back on resolve."""
        answer: list[types.CompletionItem] = []
        seen: set[tuple[str, types.CompletionItemKind, str]] = set()
        for index, offer in enumerate(offers):
            identity = (label_of(offer), offer.kind, offer.brief)
            if identity not in seen:
                seen.add(identity)
                answer.append(self._item(offer, index, data))
        return answer

    def _item(self, offer: Offer, index: int, data: Any) -> types.CompletionItem:
        client = self._client
        text, is_snippet = self._text(offer)
        label = label_of(offer)
        is_below = offer.shape.opening[:1] == "\n"  # no blank is left at the end of the line above
        lead = self._blanks + self._lead if is_below else self._lead
        match = offer.match or (offer.label if lead or label != offer.label else "")
        has_lines = "\n" in text
        item = types.CompletionItem(
            label=label,
            kind=client.kind(offer.kind),
            detail=offer.brief or None,
            sort_text=f"{offer.rank}{index:04d}",
            filter_text=f"{lead}{match}" if match else None,
            text_edit=types.TextEdit(self._range_below if is_below else self._range, text),
        )
        if client.label_details and offer.brief:
            item.label_details = types.CompletionItemLabelDetails(description=offer.brief)
        if is_snippet:
            item.insert_text_format = types.InsertTextFormat.Snippet
        if has_lines and client.as_is:
            item.insert_text_mode = types.InsertTextMode.AsIs
        if offer.deprecated and client.tags:
            item.tags = [types.CompletionItemTag.Deprecated]
        elif offer.deprecated and client.deprecated:
            item.deprecated = True
        if offer.again and client.suggests_again:
            item.command = types.Command("Complete", SUGGEST_COMMAND)
        if client.fetches_docs:
            item.data = data
        else:
            item.documentation = documentation(client, offer)
        return item

    def _text(self, offer: Offer) -> tuple[str, bool]:
        """Return what is written, and whether it is a snippet."""
        shape = offer.shape
        first = self._quoted(offer)
        pad = "" if shape.opening[:1] == "\n" else self._pad
        if shape.flow:
            body = ", ".join((first, *offer.lines[1:]))
            is_snippet = offer.snippet
            if shape.closing and not is_snippet and body.endswith(": ") and self._client.snippets:
                body, is_snippet = f"{_escaped(body)}$0", True  # the cursor goes inside the brackets
            return f"{pad}{shape.opening}{body}{shape.closing}", is_snippet
        column = shape.column
        opening = shape.opening
        if offer.snippet and not self._client.as_is:
            # Whoever expands snippets indents their lines like the one they begin on.
            column -= self._line_indent
            if opening[:1] == "\n":
                opening = "\n" + opening[1 + self._line_indent :]
        body = ("\n" + " " * column).join((first, *offer.lines[1:]))
        text = f"{pad}{opening}{body}{shape.closing}"
        if "\n" in text and not offer.snippet:
            text = text.replace("\n", self._place.snapshot.text.line_end)
        return text, offer.snippet

    def _quoted(self, offer: Offer) -> str:
        """Return an offer's first line, its text in the quotation marks that are typed."""
        first, quote = offer.lines[0], self._quote
        if not quote or not offer.quotable or offer.shape.opening or first[:1] in ("'", '"'):
            return first
        text = first.rstrip(": ")
        rest = first[len(text) :]
        inner = text.replace("'", "''") if quote == "'" else text.replace("\\", "\\\\").replace('"', '\\"')
        return f"{quote}{inner}{quote}{rest}"


def label_of(offer: Offer) -> str:
    """Return what the list shows: an item that brings its dash is told from a key of the same name."""
    return f"- {offer.label}" if offer.shape.opening == "- " else offer.label


def documentation(client: Client, offer: Offer) -> types.MarkupContent | str | None:
    """Return what explains an offer, as the client shows it."""
    doc = offer.doc if isinstance(offer.doc, str) else offer.doc()
    if not doc:
        return None
    return types.MarkupContent(types.MarkupKind.Markdown, doc) if client.markdown else plain(doc)


def _escaped(text: str) -> str:
    """Return a text as it stands in a snippet."""
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
