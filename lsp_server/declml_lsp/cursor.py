"""What is being typed at a place, read from lines and indents alone: it answers whatever else is wrong with the text.

A parse of the whole text costs more than a keystroke may, and a text with an open bracket has no right one. The lines
above the cursor with less indent are the collections around it (`blocks`); one in flow style (``{type: lstm, |``) is
read from its bracket on by `flow`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from declml_lsp.blocks import (
    Box,
    Mark,
    comment_start,
    first_content,
    gather,
    levels_of,
    marks_of,
    properties,
    without_comment,
)
from declml_lsp.flow import locate_in_flow
from declml_lsp.levels import Level, Step, path_of
from declml_schema.problems import Position, Span

_WORD = re.compile(r"[^\s:,\]}#]*")
_NO_CONTENT = ("#", "---", "%")


class Kind(StrEnum):
    """What stands at the cursor: a key, a value after its key, an item of a list, or nothing that has a meaning."""

    KEY = "key"
    VALUE = "value"
    ITEM = "item"
    COMMENT = "comment"
    TEXT = "text"  # inside a literal or folded block, or quoted text that began above


@dataclass(frozen=True, slots=True)
class Cursor:
    """What is being typed. ``levels`` are the collections around it, the root first; ``key`` is a value's key.

    ``prefix`` is what is written before the cursor and ``span`` all of it, to be replaced; ``quote`` is the quotation
    mark that ``span`` begins with, if any. ``has_colon`` says that a key's colon is there already, ``needs_dash`` that
    an item's dash is not. ``indent`` is the column where the innermost collection's keys or items stand: where a key is
    typed at another column, its line is not indented as its neighbours are. ``open_key`` is the key above a blank line
    whose list may have its next item there, at the indent of the key itself.
    """

    kind: Kind
    levels: tuple[Level, ...]
    span: Span
    key: str = ""
    prefix: str = ""
    quote: str = ""
    flow: bool = False
    has_colon: bool = False
    needs_dash: bool = False
    indent: int = 0
    open_key: str = ""

    @property
    def path(self) -> str:
        """The config path of the collection around the cursor, or of the key whose value is typed."""
        return path_of(self.levels, self.key)


def locate(lines: Sequence[str], position: Position) -> Cursor:
    """Return what is being typed at ``position`` of the text with these lines."""
    line = lines[position.line] if position.line < len(lines) else ""
    here = Position(position.line, min(position.column, len(line)))
    root = _root_bracket(lines)
    if root is not None and root < here:
        found = _from_bracket(lines, root, (), "", here)
        if found is not None:
            return found
    marks = marks_of(line, here.line)
    typed = _typed(line, marks, here.column)
    around = _Around(lines, here, typed, marks)
    in_flow = _in_flow(lines, around.boxes, typed, here)
    if in_flow is not None:
        return in_flow
    around.settle()
    levels = levels_of(around.boxes)
    nothing = Span(here, here)
    comment = comment_start(line)
    if comment is not None and here.column > comment:
        return Cursor(Kind.COMMENT, levels, nothing)
    if any(_is_text(lines, box.opener, here.line) for box in around.boxes):
        return Cursor(Kind.TEXT, levels, nothing)
    return _cursor(line, typed, levels, here, around)


@dataclass(frozen=True, slots=True)
class _Typed:
    """The token at the cursor: its kind, where it begins, its key's mark and the dashes and keys before it."""

    kind: Kind
    column: int
    own: Mark | None
    before: list[Mark]


def _typed(line: str, marks: list[Mark], column: int) -> _Typed:
    if not line.strip():
        return _Typed(Kind.KEY, column, None, [])
    last = marks[-1] if marks else None
    if last is not None and last.key is not None:
        if column > last.key_end:
            return _Typed(Kind.VALUE, last.column, last, marks[:-1])
        return _Typed(Kind.KEY, min(last.column, column), last, marks[:-1])
    if last is not None and column >= last.value_column - 1:
        return _Typed(Kind.ITEM, max(last.value_column, last.column + 1), None, marks)
    return _Typed(Kind.KEY, min(len(line) - len(line.lstrip()), column), None, [])


class _Around:
    """The block collections around the cursor, the innermost first, and what follows from how its line is indented."""

    def __init__(self, lines: Sequence[str], here: Position, typed: _Typed, marks: list[Mark]) -> None:
        self._lines = lines
        self._here = here
        self._typed = typed
        self._blank = here.line >= len(lines) or not lines[here.line].strip()
        self.open_key = ""
        self.indent = typed.column
        self.needs_dash = False
        if typed.kind is Kind.ITEM:
            self.boxes = gather(lines, here.line, Box(marks[-1].column, is_list=True), typed.before[:-1])
        else:
            self.boxes = self._gather(typed.column, typed.before)

    def settle(self) -> None:
        """Work out what the line's indent means, once it is known that no open bracket is around it."""
        typed = self._typed
        if typed.kind is Kind.KEY and typed.own is None and not typed.before:
            self._straighten(typed)
        self._find_list_at_key()
        self.indent = typed.column if typed.kind is Kind.ITEM else self.boxes[0].column
        self.needs_dash = self._blank and self.boxes[0].is_list is True

    def _gather(self, column: int, before: Sequence[Mark]) -> list[Box]:
        return gather(self._lines, self._here.line, Box(column, is_list=None if self._blank else False), before)

    def _straighten(self, typed: _Typed) -> None:
        """Take a line with nothing but a half-typed key to the indent of the collection that it is meant for."""
        opener = self.boxes[0].opener
        if opener is None:
            return
        value = opener.value(self._lines)
        if opener.key is None and value and marks_of(self._lines[opener.line], opener.line)[-1] != opener:
            wanted = opener.value_column  # "- name: a": its other keys stand where the first does
        elif value and not _goes_on(value):
            wanted = opener.column  # deeper than something that has its value: a neighbour of it
        else:
            wanted = first_content(self._lines, opener, self._here.line)
        if wanted is not None and wanted != typed.column:
            self.boxes = self._gather(wanted, typed.before)

    def _find_list_at_key(self) -> None:
        """Tell a list that stands at its own key's indent from the next key, for a blank line can be either's."""
        boxes = self.boxes
        if not self._blank:
            return
        if len(boxes) > 1 and boxes[0].is_list and boxes[1].column == boxes[0].column:
            if self._is_followed_by_item(boxes[0].column):
                return
            opener = boxes[0].opener
            self.open_key = (opener.key if opener is not None else None) or ""
            self.boxes = gather(self._lines, self._here.line, Box(boxes[0].column, is_list=False), ())
            return
        for above in range(min(self._here.line, len(self._lines)) - 1, -1, -1):
            line = self._lines[above]
            content = line.lstrip()
            if content and content[0] != "#":
                marks = marks_of(line, above)
                last = marks[-1] if marks else None
                if last is not None and last.column == boxes[0].column and not last.value(self._lines):
                    self.open_key = last.key or ""
                return

    def _is_followed_by_item(self, column: int) -> bool:
        for below in range(self._here.line + 1, len(self._lines)):
            line = self._lines[below]
            content = line.lstrip()
            if content and content[0] != "#":
                marks = marks_of(line, below)
                return bool(marks) and marks[0].key is None and marks[0].column == column
        return False


def _cursor(line: str, typed: _Typed, levels: tuple[Level, ...], here: Position, around: _Around) -> Cursor:
    column = here.column
    if typed.kind is Kind.VALUE and typed.own is not None:
        start = min(typed.own.value_column, column)
        start += len(properties(line[:column], start))
        end = max(column, start + len(without_comment(line[start:])))
        return _token(
            Kind.VALUE, line, levels, here, (start, end), key=typed.own.key or "", indent=typed.column
        )  # fmt: skip
    if typed.kind is Kind.ITEM:
        start = min(max(typed.column, 0), column)
        end = max(column, start + len(without_comment(line[start:])))
        return _token(Kind.ITEM, line, levels, here, (start, end), indent=around.indent)
    if not line.strip():
        return Cursor(
            Kind.ITEM if around.needs_dash else Kind.KEY, levels, Span(here, here),
            needs_dash=around.needs_dash, indent=around.indent, open_key=around.open_key,
        )  # fmt: skip
    start = min(typed.column, column)
    found = _WORD.match(line, start)
    end = typed.own.key_end if typed.own is not None else found.end() if found is not None else start
    answer = _token(Kind.KEY, line, levels, here, (start, max(end, column)), indent=around.indent)
    return replace(answer, has_colon=True) if typed.own is not None else answer


def _token(  # noqa: PLR0913 - a cursor is made of that much
    kind: Kind,
    line: str,
    levels: tuple[Level, ...],
    here: Position,
    ends: tuple[int, int],
    *,
    key: str = "",
    indent: int = 0,
    flow: bool = False,
) -> Cursor:
    start, end = ends
    prefix = line[start : here.column]
    quote = prefix[:1] if prefix[:1] in ('"', "'") else ""
    span = Span(Position(here.line, start), Position(here.line, end))
    return Cursor(kind, levels, span, key, prefix.removeprefix(quote), quote, flow, indent=indent)


def _in_flow(lines: Sequence[str], boxes: list[Box], typed: _Typed, here: Position) -> Cursor | None:
    """Return the cursor when it stands inside a collection in flow style."""
    openers = [(index, box.opener) for index, box in enumerate(boxes) if box.opener is not None]
    for index, opener in reversed(openers):
        found = _after(lines, opener, boxes[index + 1 :], here)
        if found is not None:
            return found
    if typed.kind is Kind.VALUE and typed.own is not None:
        return _after(lines, typed.own, boxes, here)
    if typed.kind is Kind.ITEM:
        return _after(lines, typed.before[-1], boxes, here)
    return None


def _after(lines: Sequence[str], opener: Mark, outer: list[Box], here: Position) -> Cursor | None:
    """Read the collection that begins after ``opener``, if it is in flow style and open at the cursor."""
    start = _bracket(lines, opener, here)
    if start is None:
        return None
    step: Step = opener.key if opener.key is not None else outer[0].items
    return _from_bracket(lines, start, levels_of(outer), step, here)


def _from_bracket(
    lines: Sequence[str], start: Position, outer: tuple[Level, ...], step: Step, here: Position
) -> Cursor | None:
    line, column = start.line, start.column
    if line == here.line:
        text, stop, base = lines[line][column:], here.column - column, column
    else:
        before = "\n".join([lines[line][column:], *lines[line + 1 : here.line], ""])
        text, stop, base = before + lines[here.line], len(before) + here.column, -len(before)
    if stop <= 0:
        return None
    found = locate_in_flow(text, stop, step=step)
    if found is None:
        return None
    levels = (*outer, *found.levels)
    if found.comment:
        return Cursor(Kind.COMMENT, levels, Span(here, here), flow=True)
    kind = Kind.ITEM if found.is_list else Kind.KEY if found.key is None else Kind.VALUE
    ends = (max(0, found.start + base), max(here.column, found.end + base))
    answer = _token(kind, lines[here.line], levels, here, ends, key=found.key or "", flow=True)
    return replace(answer, has_colon=True) if found.has_colon else answer


def _bracket(lines: Sequence[str], opener: Mark, here: Position) -> Position | None:
    """Return where the value after ``opener`` begins, if that is with a bracket before the cursor."""
    column = opener.value_column
    for number in range(opener.line, here.line + 1):
        line = lines[number]
        column += len(properties(line, column))
        rest = line[column:].lstrip()
        if rest and not rest.startswith("#"):
            return Position(number, len(line) - len(rest)) if rest[0] in "{[" else None
        column = 0
    return None


def _root_bracket(lines: Sequence[str]) -> Position | None:
    """Return where a text begins that is in flow style as a whole, as JSON is."""
    for number, line in enumerate(lines):
        content = line.lstrip()
        if content and not content.startswith(_NO_CONTENT):
            return Position(number, len(line) - len(content)) if content[0] == "{" else None
    return None


def _goes_on(value: str) -> bool:
    """Return whether what begins with ``value`` goes on below its line."""
    if value[0] in ("'", '"'):
        return len(value) == 1 or value[-1] != value[0]
    return value[0] in "|>"


def _is_text(lines: Sequence[str], opener: Mark | None, number: int) -> bool:
    """Return whether what follows ``opener`` on line ``number`` is the inside of a text."""
    if opener is None or opener.line >= number:
        return False
    if opener.key is None and marks_of(lines[opener.line], opener.line)[-1] != opener:
        return False
    value = opener.value(lines)
    return bool(value) and _goes_on(value)
