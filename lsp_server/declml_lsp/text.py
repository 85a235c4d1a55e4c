"""A document's text: its lines as editors count them, and places in the client's units and in code points.

Lines end at ``\\n``, ``\\r\\n`` or ``\\r`` and nowhere else (LSP 3.17, `textDocuments`): Python's `str.splitlines`
would also split at U+2028 and others, and every later place would be wrong.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from lsprotocol import types

from declml_lsp.written import Json
from declml_schema.problems import Position, Span
from declml_schema.source_text import split_lines


class Placed(Protocol):
    """What stands somewhere, such as a node: in lines and code points, without the objects that a span is made of."""

    @property
    def start_line(self) -> int:
        """The line of the first character."""
        ...

    @property
    def start_column(self) -> int:
        """The column of the first character."""
        ...

    @property
    def end_line(self) -> int:
        """The line where it ends."""
        ...

    @property
    def end_column(self) -> int:
        """The column past its last character."""
        ...


class Text:
    """An immutable text. ``encoding`` is the unit in which the client counts characters of a line."""

    def __init__(self, source: str, encoding: types.PositionEncodingKind | str = "utf-16") -> None:
        self.source = source
        self._encoding = str(getattr(encoding, "value", encoding))

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends; an empty text has one."""
        return split_lines(self.source)

    @cached_property
    def _units_differ(self) -> bool:
        return not self.source.isascii() and self._encoding != "utf-32"

    def line(self, number: int) -> str:
        """Return one line, an empty one past the end."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    def position(self, place: types.Position) -> Position:
        """Return a client's place in code points, moved into the text where it lies outside."""
        number = max(0, min(place.line, len(self.lines) - 1))
        line = self.lines[number]
        if place.line > number:
            return Position(number, len(line))
        return Position(number, self._column(line, max(0, place.character)))

    def span(self, area: types.Range) -> Span:
        """Return a client's range in code points."""
        return Span(self.position(area.start), self.position(area.end))

    def place(self, position: Position) -> types.Position:
        """Return a place as the client counts it, moved into the text where it lies outside.

        What a mended text lacks, such as a value behind a colon still to be typed, stands past the end of a line.
        """
        number = min(position.line, len(self.lines) - 1)
        line = self.lines[number]
        if not self._units_differ:
            return types.Position(number, min(position.column, len(line)))
        return types.Position(number, self._units(line[: position.column]))

    def range(self, span: Span) -> types.Range:
        """Return a range as the client counts it."""
        return types.Range(self.place(span.start), self.place(span.end))

    def written(self, placed: Placed) -> Json:
        """Return where something stands as JSON data: what `range` returns of its span, as the protocol writes it."""
        return {
            "start": self._written_place(placed.start_line, placed.start_column),
            "end": self._written_place(placed.end_line, placed.end_column),
        }

    def _written_place(self, number: int, column: int) -> Json:
        number = min(number, len(self.lines) - 1)
        line = self.lines[number]
        units = self._units(line[:column]) if self._units_differ else min(column, len(line))
        return {"line": number, "character": units}

    def of(self, span: Span) -> str:
        """Return the text between the two ends of ``span``, with line feeds between lines."""
        start, end = span.start, span.end
        if start.line == end.line:
            return self.line(start.line)[start.column : end.column]
        middle = self.lines[start.line + 1 : end.line]
        return "\n".join([self.line(start.line)[start.column :], *middle, self.line(end.line)[: end.column]])

    @cached_property
    def end(self) -> Position:
        """The place after the last character."""
        return Position(len(self.lines) - 1, len(self.lines[-1]))

    @cached_property
    def line_end(self) -> str:
        """What ends a line here, for text that is inserted."""
        return "\r\n" if "\r\n" in self.source else "\n"

    def _column(self, line: str, units: int) -> int:
        if not self._units_differ or line.isascii():
            return min(units, len(line))
        passed = 0
        for column, character in enumerate(line):
            if passed >= units:
                return column
            passed += self._units(character)
        return len(line)

    def _units(self, text: str) -> int:
        if self._encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        if self._encoding == "utf-16":
            return len(text) + sum(character > "\uffff" for character in text)
        return len(text)
