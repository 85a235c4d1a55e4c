"""The layout of a config: two spaces a level, lists indented, one space after colons and dashes; comments stay.

Works on lines and never rewrites a value. The result is parsed again: what would not mean the same is not done.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from declml_schema.document import parse, to_data
from declml_schema.problems import Severity
from declml_schema.tree import MappingNode, Node, Scalar, SequenceNode

STEP = 2
_AFTER_DASH = re.compile(r"-[ \t]+")
_LONGEST_GAP = 1
"""Blank lines in a row that are left."""


@dataclass(slots=True)
class _Line:
    """How one line begins: its old column, its new one, and whether it goes on what a line above began."""

    old: int
    new: int
    inside: bool = False  # of a value over several lines
    literal: bool = False  # of a block scalar: its blanks belong to the value


@dataclass
class _Places:
    """What is known of each line, by its number, and where keys begin that follow a dash or stand alone."""

    lines: dict[int, _Line] = field(default_factory=dict[int, _Line])
    gaps: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    """Columns, by line, where the blanks after a key's colon begin."""


def laid_out(text: str) -> str | None:
    """Return the text in the house's layout, None where it is no YAML or could not be kept the same in meaning."""
    document = parse(text)
    if any(problem.severity is Severity.ERROR for problem in document.problems) or document.broken:
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    places = _Places()
    if isinstance(document.root, MappingNode | SequenceNode) and not document.root.flow:
        _place(document.root, 0, places)
    answer = _without_gaps(_written(lines, places), places)
    formatted = "\n".join(answer).rstrip("\n")
    # Behind a block scalar, a last line break would be one more character of its value.
    for each in (formatted + "\n" if formatted else "", formatted):
        again = parse(each)
        if to_data(again.root) == to_data(document.root) and len(again.problems) == len(document.problems):
            return each
    return None


def _place(node: MappingNode | SequenceNode, column: int, places: _Places) -> None:
    """Note where each line of a block collection goes, whose keys or dashes go to ``column``."""
    if isinstance(node, MappingNode):
        for entry in node.entries:
            key, value = entry.key, entry.value
            places.lines.setdefault(key.start_line, _Line(key.start_column, column))
            if value.start_line == key.end_line:
                places.gaps.setdefault(key.end_line, []).append(key.end_column)
            _place_value(value, key.start_line, column, places)
    else:
        for item in node.items:
            # The dash stands before the item, on its line or, for an item that begins below, above it.
            places.lines.setdefault(item.start_line, _Line(node.start_column, column))
            _place_value(item, item.start_line, column, places)


def _place_value(value: Node, first_line: int, column: int, places: _Places) -> None:
    if isinstance(value, MappingNode | SequenceNode) and not value.flow:
        _place(value, column + STEP, places)
    elif isinstance(value, Scalar | MappingNode | SequenceNode) and value.end_line > first_line:
        literal = isinstance(value, Scalar) and value.style in ("|", ">")
        owner = places.lines[first_line]
        for number in range(first_line + 1, value.end_line + 1):
            places.lines.setdefault(number, _Line(owner.old, owner.new, inside=True, literal=literal))


def _written(lines: Sequence[str], places: _Places) -> list[str]:
    answer: list[str] = []
    shift = 0
    for number, line in enumerate(lines):
        place = places.lines.get(number)
        content = line.lstrip(" \t")
        indent = len(line) - len(content)
        if not content:
            answer.append(line if place is not None and place.literal else "")
            continue
        if place is None:
            answer.append(_comment(lines, number, indent, shift, places).rstrip())
            continue
        if place.inside:
            answer.append(_continued(line, indent, place, literal=place.literal))
            continue
        shift = place.new - indent
        answer.append(" " * place.new + _tidy(content, indent, places.gaps.get(number, ())).rstrip())
    return answer


def _continued(line: str, indent: int, place: _Line, *, literal: bool) -> str:
    shift = place.new - place.old
    moved = " " * max(0, indent + shift) + line[indent:]
    return moved if literal else moved.rstrip()


def _comment(lines: Sequence[str], number: int, indent: int, shift: int, places: _Places) -> str:
    """Return a comment's line, moved as the line that it stands above is moved, or the one before at the end."""
    for below in range(number + 1, len(lines)):
        place = places.lines.get(below)
        if place is not None and not place.inside:
            old = len(lines[below]) - len(lines[below].lstrip(" \t"))
            if old == indent:
                return " " * place.new + lines[number].lstrip(" \t")
            break
    return " " * max(0, indent + shift) + lines[number].lstrip(" \t")


def _tidy(content: str, indent: int, gaps: Sequence[int]) -> str:
    """Return a line from its first character on, with one space after each dash and after each key's colon."""
    ends = [gap - indent for gap in sorted(gaps, reverse=True)]
    for end in ends:
        colon = content.find(":", end)
        after = content[colon + 1 :]
        rest = after.lstrip(" \t")
        if colon >= end and rest and not rest.startswith("#"):
            content = f"{content[:end]}: {rest}"
    start = 0
    while (dash := _AFTER_DASH.match(content, start)) is not None:
        if content[dash.end() :].startswith("#"):
            break
        content = content[: dash.start()] + "- " + content[dash.end() :]
        start = dash.start() + 2
    return content


def _without_gaps(lines: Sequence[str], places: _Places) -> list[str]:
    """Return the lines without blank lines at the start and end, and without more than one in a row elsewhere."""
    answer: list[str] = []
    blank = _LONGEST_GAP
    for number, line in enumerate(lines):
        place = places.lines.get(number)
        blank = 0 if line.strip() or (place is not None and place.inside) else blank + 1
        if blank <= _LONGEST_GAP:
            answer.append(line)
    return answer
