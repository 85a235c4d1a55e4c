"""Moves the places of a tree from a repaired text back to the text as written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from declml_schema.problems import Edit, Fix, Position, Problem, Span
from declml_schema.tree import MappingNode, Node, Scalar, SequenceNode


def walk(root: Node | None) -> Iterator[Node]:
    """Yield every node and key below ``root``, itself included, without following aliases."""
    waiting: list[Node] = [] if root is None else [root]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, MappingNode):
            for entry in node.entries:
                waiting.append(entry.key)
                waiting.append(entry.value)
        elif isinstance(node, SequenceNode):
            waiting.extend(node.items)


class Shifts:
    """Where the characters of a repaired text stand in the written one.

    ``inserted`` maps a changed line to the column and the number of characters that were inserted there; what was
    appended to a line ends with the line as written.
    """

    def __init__(self, inserted: Mapping[int, tuple[int, int]], written: list[str]) -> None:
        self._inserted = inserted
        self._written = written

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Return the written place of a repaired one."""
        if line in self._inserted:
            at, count = self._inserted[line]
            if column > at:
                column = max(at, column - count)
            column = min(column, len(self._written[line]))
        if line >= len(self._written):  # libyaml's end of a text without a last line break
            line, column = len(self._written) - 1, len(self._written[-1])
        return line, column

    def is_needed(self, root: Node | None, problems: list[Problem]) -> bool:
        """Return whether a place lies beyond the text; the root ends with its last value."""
        last = len(self._written)
        return (root is not None and root.end_line >= last) or any(each.span.end.line >= last for each in problems)

    def move_tree(self, root: Node | None) -> None:
        """Move every node below ``root``, in place."""
        for node in walk(root):
            node.start = Position(*self.place(node.start_line, node.start_column))
            node.end = Position(*self.place(node.end_line, node.end_column))

    def move_problem(self, problem: Problem) -> Problem:
        """Return ``problem`` with all its places moved."""
        fix = problem.fix
        if fix is not None:
            fix = Fix(fix.title, tuple(Edit(self._span(edit.span), edit.text) for edit in fix.edits))
        related = tuple(replace(each, span=self._span(each.span)) for each in problem.related)
        return replace(problem, span=self._span(problem.span), fix=fix, related=related)

    def _span(self, span: Span) -> Span:
        start = self.place(span.start.line, span.start.column)
        end = self.place(span.end.line, span.end.column)
        return Span(Position(*start), Position(*end))


def restore_characters(root: Node | None, swapped: dict[int, str]) -> None:
    """Put back the characters for which stand-ins went through the YAML parser."""
    for node in walk(root):
        if isinstance(node, Scalar):
            if isinstance(node.value, str):
                node.value = node.value.translate(swapped)
            node.text = node.text.translate(swapped)
