"""What is being typed at a place, read from lines and indents alone: it answers whatever else is wrong with the text.

A parse of the whole text costs more than a keystroke may, and a text with an open bracket has no right one. The lines
above the cursor with less indent are the collections around it; one in flow style (``{type: lstm, |``) is read from
its bracket on by `flow`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from declml_lsp.flow import locate_in_flow
from declml_lsp.levels import Level, Step, path_of, scalar_text
from declml_schema.problems import Position, Span

_PLAIN_START = r"""(?:[^\s#'"\[\]{},&*!|>%@`:-]|[-:](?=\S))"""
_PLAIN_REST = r"(?:[^\s:#]|:(?=\S)|(?<=\S)\#|[ \t]+(?=[^\s:#]))*"
_KEY = re.compile(rf"""(?P<name>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|{_PLAIN_START}{_PLAIN_REST})[ \t]*:(?=\s|$)""")
_DASH = re.compile(r"-(?:[ \t]+|$)")
_QUOTED_OR_COMMENT = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:^|(?<=\s))#""")
_WORD = re.compile(r"[^\s:,\]}#]*")
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)*")


class Kind(StrEnum):
    """What stands at the cursor: a key, a value after its key, an item of a list, or nothing that has a meaning."""

    KEY = "key"
    VALUE = "value"
    ITEM = "item"
    COMMENT = "comment"
    TEXT = "text"  # inside a literal or folded block


@dataclass(frozen=True, slots=True)
class Cursor:
    """What is being typed. ``levels`` are the collections around it, the root first; ``key`` is a value's key.

    ``prefix`` is what is written before the cursor and ``span`` all of it, to be replaced; ``quote`` is the quotation
    mark that ``span`` begins with, if any. ``has_colon`` says that a key's colon is there already, ``needs_dash`` that
    an item's dash is not. ``indent`` is the column where the innermost collection's keys or items stand.
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

    @property
    def path(self) -> str:
        """The config path of the collection around the cursor, or of the key whose value is typed."""
        return path_of(self.levels, self.key)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A dash (``key`` is None) or a key of block style, with the column where what follows it begins."""

    line: int
    column: int
    key: str | None
    value_column: int
    key_end: int = 0


@dataclass(slots=True)
class _Box:
    """A block collection that is open at the cursor, while its lines are gathered."""

    column: int
    is_list: bool | None
    opener: _Mark | None = None  # the dash or key that leads to it
    items: int = 0  # of a list, before the cursor's
    keys: list[str] = field(default_factory=list[str])
    scalars: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, mark: _Mark, lines: Sequence[str]) -> None:
        """Note a key of this mapping."""
        if mark.key is None or mark.key in self.keys:
            return
        self.keys.append(mark.key)
        value = scalar_text(without_comment(lines[mark.line][mark.value_column :]))
        if value and value[0] not in "{[|>*":
            self.scalars[mark.key] = value


def locate(lines: Sequence[str], position: Position) -> Cursor:
    """Return what is being typed at ``position`` of the text with these lines."""
    line = lines[position.line] if position.line < len(lines) else ""
    column = min(position.column, len(line))
    here = Position(position.line, column)
    comment = _comment_start(line)
    marks = _marks(line, position.line)
    typed = _typed(line, marks, column)
    boxes = _boxes(lines, typed, marks, here)
    in_flow = _in_flow(lines, boxes, typed, here)
    if in_flow is not None:
        return in_flow
    levels = _levels(boxes)
    nothing = Span(here, here)
    if comment is not None and column > comment:
        return Cursor(Kind.COMMENT, levels, nothing)
    if any(_is_literal(lines, box.opener, position.line) for box in boxes):
        return Cursor(Kind.TEXT, levels, nothing)
    return _cursor(line, typed, levels, here, needs_dash=not line.strip() and boxes[0].is_list is True)


@dataclass(frozen=True, slots=True)
class _Typed:
    """The token at the cursor: its kind, where it begins, its key's mark and the dashes and keys before it."""

    kind: Kind
    column: int
    own: _Mark | None
    before: list[_Mark]


def _typed(line: str, marks: list[_Mark], column: int) -> _Typed:
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


def _cursor(line: str, typed: _Typed, levels: tuple[Level, ...], here: Position, *, needs_dash: bool) -> Cursor:
    column = here.column
    if typed.kind is Kind.VALUE and typed.own is not None:
        start = min(typed.own.value_column, column)
        start += len(_match(_PROPERTIES, line[:column], start))
        end = max(column, start + len(without_comment(line[start:])))
        key = typed.own.key or ""
        return _token(Kind.VALUE, line, levels, here, (start, end), key=key, indent=typed.column)
    if typed.kind is Kind.ITEM:
        start = min(max(typed.column, 0), column)
        end = max(column, start + len(without_comment(line[start:])))
        return _token(Kind.ITEM, line, levels, here, (start, end), indent=typed.column)
    if not line.strip():
        kind = Kind.ITEM if needs_dash else Kind.KEY
        return Cursor(kind, levels, Span(here, here), needs_dash=needs_dash, indent=column)
    start = min(typed.column, column)
    end = typed.own.key_end if typed.own is not None else start + len(_match(_WORD, line, start))
    answer = _token(Kind.KEY, line, levels, here, (start, max(end, column)), indent=typed.column)
    return answer if typed.own is None else _with_colon(answer)


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


def _with_colon(cursor: Cursor) -> Cursor:
    return Cursor(
        cursor.kind, cursor.levels, cursor.span, cursor.key, cursor.prefix, cursor.quote, cursor.flow, True,
        indent=cursor.indent,
    )  # fmt: skip


def _boxes(lines: Sequence[str], typed: _Typed, marks: list[_Mark], here: Position) -> list[_Box]:
    """Return the block collections around the cursor, the innermost first."""
    blank = not lines[here.line].strip() if here.line < len(lines) else True
    if typed.kind is Kind.ITEM:
        dash = marks[-1]
        boxes = [_Box(dash.column, is_list=True)]
        before = typed.before[:-1]
    else:
        boxes = [_Box(typed.column, is_list=None if blank else False)]
        before = typed.before
    for mark in reversed(before):
        _climb(boxes, mark, lines)
    for mark in _marks_above(lines, here.line, boxes):
        _climb(boxes, mark, lines)
    if blank and len(boxes) > 1 and boxes[0].is_list and boxes[1].column == boxes[0].column:
        del boxes[0]  # a list at its own key's indent: what is typed here is the next key
    _gather_below(lines, here.line, boxes)
    return boxes


def _climb(boxes: list[_Box], mark: _Mark, lines: Sequence[str]) -> None:
    """Take one mark, going backwards through the text: it is a sibling, a parent, or inside an earlier sibling."""
    box = boxes[-1]
    if mark.column > box.column:
        return
    is_dash = mark.key is None
    if mark.column < box.column:
        box.opener = mark
        boxes.append(_Box(mark.column, is_list=is_dash))
        return
    if box.is_list is None:
        box.is_list = is_dash
    if box.is_list and is_dash:
        box.items += 1
    elif box.is_list:
        box.opener = mark
        boxes.append(_Box(mark.column, is_list=False))
    elif not is_dash:
        box.add(mark, lines)


def _marks_above(lines: Sequence[str], number: int, boxes: list[_Box]) -> Iterator[_Mark]:
    """Yield the marks of the lines above, from the cursor upwards, that may matter to the outermost box so far."""
    for above in range(min(number, len(lines)) - 1, -1, -1):
        line = lines[above]
        indent = len(line) - len(line.lstrip())
        box = boxes[-1]
        if indent > box.column or indent == len(line):
            continue
        if box.column == 0 and not box.is_list and len(boxes) > 1:
            return  # the root's other keys say nothing about what stands inside one of them
        yield from reversed(_marks(line, above))


def _gather_below(lines: Sequence[str], number: int, boxes: list[_Box]) -> None:
    """Add the keys that follow below the cursor to the mappings around it, up to the end of the list item it is in."""
    inner = 0
    for below in range(number + 1, len(lines)):
        line = lines[below]
        indent = len(line) - len(line.lstrip())
        if indent > boxes[inner].column or indent == len(line):
            continue
        while indent < boxes[inner].column and inner + 1 < len(boxes):
            inner += 1
        box = boxes[inner]
        if box.is_list or (inner and box.column == 0):
            return
        if indent == box.column:
            marks = _marks(line, below)
            if marks and marks[0].key is not None:
                box.is_list = False
                box.add(marks[0], lines)


def _in_flow(lines: Sequence[str], boxes: list[_Box], typed: _Typed, here: Position) -> Cursor | None:
    """Return the cursor when it stands inside a collection in flow style."""
    openers = [(index, box.opener) for index, box in enumerate(boxes) if box.opener is not None]
    for index, opener in reversed(openers):
        found = _from_bracket(lines, opener, boxes[index + 1 :], here)
        if found is not None:
            return found
    if typed.kind is Kind.VALUE and typed.own is not None:
        return _from_bracket(lines, typed.own, boxes, here)
    if typed.kind is Kind.ITEM:
        return _from_bracket(lines, typed.before[-1], boxes, here)
    return None


def _from_bracket(lines: Sequence[str], opener: _Mark, outer: list[_Box], here: Position) -> Cursor | None:
    """Read the collection that begins after ``opener``, if it is in flow style and open at the cursor."""
    start = _bracket(lines, opener, here)
    if start is None:
        return None
    line, column = start
    step: Step = opener.key if opener.key is not None else outer[0].items
    if line == here.line:
        text, stop, base = lines[line][column:], here.column - column, column
    else:
        parts = [lines[line][column:], *lines[line + 1 : here.line], lines[here.line]]
        before = "\n".join(parts[:-1]) + "\n"
        text, stop, base = before + parts[-1], len(before) + here.column, -len(before)
    if stop <= 0:
        return None
    found = locate_in_flow(text, stop, step=step)
    if found is None:
        return None
    levels = (*_levels(outer), *found.levels)
    if found.comment:
        return Cursor(Kind.COMMENT, levels, Span(here, here), flow=True)
    kind = Kind.ITEM if found.is_list else Kind.KEY if found.key is None else Kind.VALUE
    ends = (max(0, found.start + base), max(here.column, found.end + base))
    answer = _token(kind, lines[here.line], levels, here, ends, key=found.key or "", flow=True)
    return _with_colon(answer) if found.has_colon else answer


def _bracket(lines: Sequence[str], opener: _Mark, here: Position) -> tuple[int, int] | None:
    """Return where the value after ``opener`` begins, if that is with a bracket before the cursor."""
    column = opener.value_column
    for number in range(opener.line, here.line + 1):
        line = lines[number]
        column += len(_match(_PROPERTIES, line, column))
        rest = line[column:].lstrip()
        if rest and not rest.startswith("#"):
            return (number, len(line) - len(rest)) if rest[0] in "{[" else None
        column = 0
    return None


def _levels(boxes: Sequence[_Box]) -> tuple[Level, ...]:
    answer: list[Level] = []
    for index in range(len(boxes) - 1, -1, -1):
        box = boxes[index]
        step: Step = ""
        if box.opener is not None:
            step = box.opener.key if box.opener.key is not None else boxes[index + 1].items
        answer.append(Level(step, tuple(box.keys), box.scalars, is_list=box.is_list))
    return tuple(answer)


def _marks(line: str, number: int) -> list[_Mark]:
    """Return the dashes and the key that a line of block style begins with."""
    answer: list[_Mark] = []
    column = len(line) - len(line.lstrip())
    while (dash := _DASH.match(line, column)) is not None:
        answer.append(_Mark(number, column, None, dash.end()))
        column = dash.end()
    column += len(_match(_PROPERTIES, line, column)) if answer else 0
    found = _KEY.match(line, column)
    if found is not None:
        value = found.end()
        value += len(line[value:]) - len(line[value:].lstrip())
        answer.append(_Mark(number, column, scalar_text(found["name"]), value, found.end() - 1))
    return answer


def _is_literal(lines: Sequence[str], opener: _Mark | None, number: int) -> bool:
    if opener is None or opener.line >= number:
        return False
    return lines[opener.line][opener.value_column :].lstrip()[:1] in ("|", ">")


def without_comment(text: str) -> str:
    """Return a line's text without its comment and the blanks before that."""
    start = _comment_start(text)
    return (text if start is None else text[:start]).rstrip()


def _comment_start(line: str) -> int | None:
    if "#" not in line:
        return None
    for found in _QUOTED_OR_COMMENT.finditer(line):
        if found.group() == "#":
            return found.start()
    return None


def _match(pattern: re.Pattern[str], line: str, column: int) -> str:
    found = pattern.match(line, column)
    return found.group() if found is not None else ""
