"""Anchors (``&name``) that nothing uses: most often what is left of a copy, or the mark of a forgotten alias."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from declml_schema.document import Document
from declml_schema.problems import Edit, Fix, Position, Problem, Severity, Span, has_errors
from declml_schema.source_text import split_lines
from declml_schema.tree import Alias, MappingNode, Node, SequenceNode

_LINES_BEFORE = 3


def unused_anchors(document: Document) -> Iterator[Problem]:
    """Yield a piece of information for each anchor that no alias points at; nothing while the text is half-typed."""
    if "&" not in document.text or has_errors(document.problems):
        return
    anchored: list[Node] = []
    used: set[int] = set()
    for node in _nodes(document.root):
        if isinstance(node, Alias):
            used.add(id(node.target))
        elif node.anchor is not None:
            anchored.append(node)
    lines: Sequence[str] = ()
    for node in anchored:
        if id(node) in used or isinstance(node, Alias) or node.anchor is None:
            continue
        lines = lines or split_lines(document.text)
        span = _place(node.anchor, node.start_line, node.start_column, lines)
        if span is not None:
            yield _unused(node.anchor, span, lines[span.start.line])


def _unused(name: str, span: Span, line: str) -> Problem:
    end = span.end.column
    blanks = len(line[end:]) - len(line[end:].lstrip(" "))
    if end + blanks == len(line):  # nothing follows: the blank before the anchor goes with it
        start = len(line[: span.start.column].rstrip(" "))
        gone = Span(Position(span.start.line, start), Position(span.start.line, end))
    else:
        gone = Span(span.start, Position(span.start.line, end + blanks))
    fix = Fix(f"Remove '&{name}'", (Edit(gone, ""),))
    message = f"An anchor should be used; nothing says '*{name}'."
    return Problem("unused-anchor", message, span, Severity.INFORMATION, fix=fix, tags=("unnecessary",))


def _nodes(root: Node | None) -> Iterator[Node]:
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, MappingNode):
            for entry in node.entries:
                waiting += [entry.key, entry.value]
        elif isinstance(node, SequenceNode):
            waiting += node.items


def _place(name: str, line: int, column: int, lines: Sequence[str]) -> Span | None:
    """Return where ``&name`` stands: before its value, on the same line or a few above."""
    pattern = re.compile(rf"&{re.escape(name)}(?=[\s,\]}}]|$)")
    for number in range(line, max(-1, line - _LINES_BEFORE), -1):
        text = lines[number][:column] if number == line else lines[number]
        found = list(pattern.finditer(text))
        if found:
            return Span(Position(number, found[-1].start()), Position(number, found[-1].end()))
    return None
