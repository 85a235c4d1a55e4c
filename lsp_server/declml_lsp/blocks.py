"""The collections in block style around a place, gathered from the lines above and below it by their indents.

A config may have thousands of lines and a key is typed every tenth of a second: lines that lie deeper than what is
looked for are passed over by one comparison each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from declml_lsp.levels import Level, Step, scalar_text

_PLAIN_START = r"""(?:[^\s#'"\[\]{},&*!|>%@`:-]|[-:](?=\S))"""
_PLAIN_REST = r"(?:[^\s:#]|:(?=\S)|(?<=\S)\#|[ \t]+(?=[^\s:#]))*"
_KEY = re.compile(rf"""(?P<name>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|{_PLAIN_START}{_PLAIN_REST})[ \t]*:(?=\s|$)""")
_DASH = re.compile(r"-(?:[ \t]+|$)")
_QUOTED_OR_COMMENT = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:^|(?<=\s))#""")
_PROPERTIES = re.compile(r"(?:[&!]\S*(?:[ \t]+|$))*")
_ALIAS = re.compile(r"\*([^\s,\]]+)")
_AFTER_DASH = ("", " ", "\t")
_MERGE = "<<"
_CHUNK = 128
"""Lines that are looked at together, where a search goes far."""
_MOST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Mark:
    """A dash (``key`` is None) or a key of block style, with the column where what follows it begins."""

    line: int
    column: int
    key: str | None
    value_column: int
    key_end: int = 0

    def value(self, lines: Sequence[str]) -> str:
        """Return what is written after it on its line: without anchor, tag and comment."""
        line = lines[self.line]
        return without_comment(line[self.value_column + len(properties(line, self.value_column)) :]).strip()


@dataclass(slots=True)
class Box:
    """A block collection that is open at the cursor, while its lines are gathered."""

    column: int
    is_list: bool | None
    opener: Mark | None = None  # the dash or key that leads to it
    items: int = 0  # of a list, before the cursor's
    keys: list[str] = field(default_factory=list[str])
    scalars: dict[str, str] = field(default_factory=dict[str, str])
    aliases: dict[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def add(self, mark: Mark, lines: Sequence[str]) -> None:
        """Note a key of this mapping."""
        if mark.key is None or (mark.key in self.keys and mark.key != _MERGE):
            return
        self.keys.append(mark.key)
        value = mark.value(lines)
        if value[:1] == "*" or (mark.key == _MERGE and value):
            self.aliases[mark.key] = [*_ALIAS.findall(value), *self.aliases.get(mark.key, ())]
        elif value and value[0] not in "{[|>":
            self.scalars[mark.key] = scalar_text(value)


def gather(lines: Sequence[str], number: int, innermost: Box, before: Sequence[Mark]) -> list[Box]:
    """Return the block collections around line ``number``, the innermost first.

    ``innermost`` is the one that the cursor is in as far as its own line tells, ``before`` the marks on that line that
    lead to it.
    """
    boxes = [innermost]
    for mark in reversed(before):
        _climb(boxes, mark, lines)
    _climb_above(lines, number, boxes)
    _gather_below(lines, number, boxes)
    return boxes


def levels_of(boxes: Sequence[Box]) -> tuple[Level, ...]:
    """Return collections, the innermost first, as levels, the root's first."""
    answer: list[Level] = []
    for index in range(len(boxes) - 1, -1, -1):
        box = boxes[index]
        step: Step = ""
        if box.opener is not None:
            step = box.opener.key if box.opener.key is not None else boxes[index + 1].items
        answer.append(Level(step, tuple(box.keys), box.scalars, is_list=box.is_list, aliases=box.aliases))
    return tuple(answer)


def _climb(boxes: list[Box], mark: Mark, lines: Sequence[str]) -> None:
    """Take one mark, going backwards through the text: it is a sibling, a parent, or inside an earlier sibling."""
    box = boxes[-1]
    if mark.column > box.column:
        return
    is_dash = mark.key is None
    if mark.column < box.column:
        box.opener = mark
        boxes.append(Box(mark.column, is_list=is_dash))
        return
    if box.is_list is None:
        box.is_list = is_dash
    if box.is_list and is_dash:
        box.items += 1
    elif box.is_list:
        box.opener = mark
        boxes.append(Box(mark.column, is_list=False))
    elif not is_dash:
        box.add(mark, lines)


class _Heads(NamedTuple):
    """What lines begin with that lie deeper than a collection (``blank``) or are an item at its column (``dash``)."""

    width: int
    blank: str
    dash: str

    def is_item(self, line: str) -> bool:
        """Return whether a line is an item of a list at that column."""
        return line.startswith(self.dash) and line[self.width : self.width + 1] in _AFTER_DASH


def _heads(column: int) -> _Heads:
    return _Heads(column + 1, " " * (column + 1), " " * column + "-")


def _climb_above(lines: Sequence[str], number: int, boxes: list[Box]) -> None:
    """Take the marks of the lines above, from the cursor upwards, until the root is reached."""
    box, heads = boxes[-1], _heads(boxes[-1].column)
    above = min(number, len(lines))
    while above > 0 and not (box.column == 0 and not box.is_list and len(boxes) > 1):
        # The root's other keys say nothing about what stands inside one of them: there it ends.
        if above % _CHUNK == 0 and box.is_list is not None:
            dashes = _dashes_alone(lines[above - _CHUNK : above], heads)
            if dashes is not None:
                box.items += dashes
                above -= _CHUNK
                continue
        above -= 1
        line = lines[above]
        if line[: heads.width] == heads.blank:
            continue
        if box.is_list is not None and heads.is_item(line):
            box.items += 1  # in a mapping it is the list of one of its keys, and the number is not used
            if box.is_list and len(boxes) == 1 and len(box.keys) < _MOST_ITEMS and ":" not in line:
                box.keys.append(scalar_text(without_comment(line[heads.width :])))
            continue
        indent = len(line) - len(line.lstrip())
        if indent > box.column or indent == len(line):
            continue
        for mark in reversed(marks_of(line, above)):
            _climb(boxes, mark, lines)
        if box is not boxes[-1]:
            box, heads = boxes[-1], _heads(boxes[-1].column)


def _gather_below(lines: Sequence[str], number: int, boxes: list[Box]) -> None:
    """Add the keys that follow below the cursor to the mappings around it, up to the end of the list item it is in."""
    inner = 0
    box, heads = boxes[0], _heads(boxes[0].column)
    below = number
    while below + 1 < len(lines):
        below = _next_shallow(lines, below + 1, box, heads)
        line = lines[below] if below < len(lines) else ""
        if box.is_list is None and heads.is_item(line):
            box.is_list = True
        indent = len(line) - len(line.lstrip())
        if indent == len(line) or indent > box.column or line[indent] == "#":
            continue
        if indent < box.column:
            while indent < boxes[inner].column and inner + 1 < len(boxes):
                inner += 1
            box, heads = boxes[inner], _heads(boxes[inner].column)
        if box.is_list or (inner and box.column == 0):
            return
        if indent == box.column:
            marks = marks_of(line, below)
            if marks and marks[0].key is not None:
                box.is_list = False
                box.add(marks[0], lines)


def _next_shallow(lines: Sequence[str], below: int, box: Box, heads: _Heads) -> int:
    """Return the next line that does not lie inside a key of ``box``, or one past the last."""
    while below < len(lines):
        if below % _CHUNK == 0 and box.is_list is False:
            chunk = lines[below : below + _CHUNK]
            if _dashes_alone(chunk, heads) is not None:
                below += len(chunk)
                continue
        line = lines[below]
        if line[: heads.width] != heads.blank and not (box.is_list is False and heads.is_item(line)):
            break
        below += 1
    return below


def _dashes_alone(lines: Sequence[str], heads: _Heads) -> int | None:
    """Return how many of these lines are items where all others lie deeper, None where others are among them."""
    text = "\n" + "\n".join(lines)
    dashes = text.count(f"\n{heads.dash} ")
    return dashes if dashes + text.count(f"\n{heads.blank}") == len(lines) else None


def marks_of(line: str, number: int) -> list[Mark]:
    """Return the dashes and the key that a line of block style begins with."""
    answer: list[Mark] = []
    column = len(line) - len(line.lstrip())
    while (dash := _DASH.match(line, column)) is not None:
        answer.append(Mark(number, column, None, dash.end()))
        column = dash.end()
    column += len(properties(line, column)) if answer else 0
    found = _KEY.match(line, column)
    if found is not None:
        value = found.end()
        value += len(line[value:]) - len(line[value:].lstrip())
        answer.append(Mark(number, column, scalar_text(found["name"]), value, found.end() - 1))
    return answer


def properties(line: str, column: int) -> str:
    """Return the anchor and tag that stand at a column, with the blanks after them."""
    found = _PROPERTIES.match(line, column)
    return found.group() if found is not None else ""


def without_comment(text: str) -> str:
    """Return a line's text without its comment and the blanks before that."""
    start = comment_start(text)
    return (text if start is None else text[:start]).rstrip()


def comment_start(line: str) -> int | None:
    """Return the column of the sign that begins a line's comment, None without one."""
    if "#" not in line:
        return None
    for found in _QUOTED_OR_COMMENT.finditer(line):
        if found.group() == "#":
            return found.start()
    return None


def first_content(lines: Sequence[str], opener: Mark, number: int) -> int | None:
    """Return the column of what ``opener`` holds, from the lines after its own; line ``number`` is left out."""
    for below in range(opener.line + 1, min(len(lines), max(number, opener.line) + 200)):
        line = lines[below]
        content = line.lstrip()
        if below == number or not content or content[0] == "#":
            continue
        column = len(line) - len(content)
        return column if column > opener.column else None
    return None
