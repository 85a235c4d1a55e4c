"""From lines to the tree for plain YAML, which nearly all configs are: why a long config checks fast.

It exists for speed alone: libyaml's events took a third of the time of a long check, and loading PyYAML a quarter of
the time of a short command. It understands block mappings and lists of plain or simply quoted values, and flow
collections on one line; it gives up at the first line whose meaning is not certain. What YAML means is decided in
`compose`: where both read a text, they give the same tree, places included.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from declml_schema.scalars import differs_from_yaml_1_1, resolve_plain
from declml_schema.tree import COLUMN_BITS, Entry, MappingNode, Node, Scalar, SequenceNode

_ROW = 1 << COLUMN_BITS
_MAX_DEPTH = 40  # stays below the limit of `compose`, which tells about the rest
_MAX_FLOW = 1000  # a longer key is no key to libyaml, and a flow collection may be one
_NOT_PLAIN = (": &", ": *", ": |", ": >", ": !", "- &", "- *", "<<:", "\n---", "\t")
"""What is looked for beforehand, so that little is lost on a text that is not plain."""
_BREAKS_OF_YAML_1_1 = re.compile("[\x85\u2028\u2029]")  # libyaml ends a line there

_FIRST = r"(?:[\w./~+]|-(?=[\w.]))"
_WORD = r"[^\s:#]+(?::[^\s:#]+)*"
_QUOTED = r"""'([^']*)'|"([^"\\]*)\""""
_REST = r" *(?:(?<![^ ])#.*)?\Z"

_HEAD = re.compile(r"( *)(- +)?([A-Za-z0-9_][A-Za-z0-9_.-]{0,99})\Z")
_ITEM = re.compile(r"( *)- +")
_VALUE = re.compile(rf" *(?:((?={_FIRST}){_WORD}(?: +{_WORD})*)|{_QUOTED})?{_REST}")
_NOTHING = re.compile(_REST)
_FLOW_START = re.compile(r" *([\[{]) *")
_FLOW_SCALAR = re.compile(rf" *(?:({_FIRST}[\w./+~-]*(?: +[\w./+~-]+)*)|{_QUOTED}) *(:(?= )|[,\]}}])")
_FLOW_MARK = re.compile(r" *(:(?= )|[,\]}])")
_QUOTES = (None, None, "'", '"')
"""The style of a scalar by the group that it matched."""

_Value: TypeAlias = str | int | float | bool | None
_Head: TypeAlias = tuple[int, bool, int, int, str, _Value]
"""What stands before a value: the first column, whether a ``-`` is there, then the key: from, to, text and value."""
_Text: TypeAlias = tuple[int, int, str, _Value, str | None]
"""A scalar in the rest of a line: from, to, text, value and style."""
_Block: TypeAlias = tuple[int, MappingNode | SequenceNode, set[str] | None]
"""A mapping or list that has not ended: its column, itself, and the keys of a mapping."""

_NO_VALUE: _Text = (0, 0, "", None, None)
_FLOW: _Text = (0, 0, "[", None, None)
"""Not a scalar: a flow collection begins."""


class _NotPlain(Exception):
    """A line is left to `compose`."""


def compose_lines(text: str, lines: list[str]) -> MappingNode | SequenceNode | None:
    """Return the tree of ``text``, whose lines are ``lines``; None where a line is not plain enough."""
    return read_lines(text, lines)[0]


def read_lines(text: str, lines: list[str]) -> tuple[MappingNode | SequenceNode | None, int]:
    """Return the tree as `compose_lines` does, and the line at which it gave up; -1 where that is not known."""
    if any(each in text for each in _NOT_PLAIN):
        return None, -1
    if not text.isascii() and _BREAKS_OF_YAML_1_1.search(text):
        return None, -1
    if len(text) >= _ROW and max(map(len, lines)) >= _ROW:
        return None, -1
    reader = _Lines()
    try:
        return reader.read(lines), -1
    except _NotPlain:
        return None, reader.row >> COLUMN_BITS


class _Lines:
    """Reads lines from first to last. Beginnings and ends of lines that stand more than once are understood once."""

    def __init__(self) -> None:
        self._heads: dict[str, _Head] = {}  # without the colon that follows
        self._heads_alone: dict[str, _Head] = {}  # whole lines
        self._texts: dict[str, _Text] = {}
        # The root is read as the value of a key that stands before the first column.
        self._outside = MappingNode(0, 0, flow=False)
        self._open: list[_Block] = [(-1, self._outside, set())]
        self.row = 0
        """The line that is being read, as a place."""

    def read(self, lines: list[str]) -> MappingNode | SequenceNode | None:
        """Return the root, None where nothing is written; raises `_NotPlain`."""
        heads, heads_alone, texts = self._heads, self._heads_alone, self._texts
        pending: Scalar | None = Scalar("", None, None, 0, 0)  # the last key, while it has no value
        end = 0  # of the last value
        column, entries, names = -1, self._outside.entries, set[str]()
        row = -_ROW
        for line in lines:
            self.row = row = row + _ROW
            head, colon, rest = line.partition(": ")
            found = (heads if colon else heads_alone).get(head) or self._head(head, alone=not colon)
            if found is None:
                if not _NOTHING.match(line):
                    end = self._item(line, row, pending, end)
                    pending, column = None, -1  # the next line has to find its mapping
                continue
            first, dash, start, stop, name, name_value = found
            if pending is not None or dash or first != column:
                self._settle(pending, end, row, first, dash=dash)
                if dash:
                    self._begin_item(start, row)
                pending = None
                column, box, names = self._open[-1]
                assert isinstance(box, MappingNode) and names is not None
                entries = box.entries
            if name in names:
                raise _NotPlain
            names.add(name)
            key = Scalar(name, name_value, None, row + start, row + stop)
            text = texts.get(rest) or self._text(rest)
            if text is _NO_VALUE:
                pending, end = key, row + stop + 1
            elif text is _FLOW:
                value, end = self._flow(line, stop + 2, row)
                entries.append(Entry(key, value))
            else:
                start, end = row + stop + 2 + text[0], row + stop + 2 + text[1]
                entries.append(Entry(key, Scalar(text[2], text[3], text[4], start, end)))
        self._settle(pending, end, row, -1, dash=False)
        root = self._outside.entries[0].value
        return root if isinstance(root, MappingNode | SequenceNode) else None

    def _head(self, head: str, *, alone: bool) -> _Head | None:
        """Return what a line with a key begins with, None for a line without; ``alone``, it is the whole line."""
        found = None if alone and not head.endswith(":") else _HEAD.match(head.removesuffix(":") if alone else head)
        if found is None:
            return None
        start, stop = found.span(3)
        answer = (found.end(1), found[2] is not None, start, stop, found[3], resolve_plain(found[3]))
        (self._heads_alone if alone else self._heads)[head] = answer
        return answer

    def _text(self, rest: str) -> _Text:
        """Return what stands after a key."""
        found = _VALUE.match(rest)
        if found is None:
            if _FLOW_START.match(rest):
                return _FLOW
            raise _NotPlain
        kind = found.lastindex
        if kind is None:
            answer = _NO_VALUE
        elif kind > 1:
            answer = (found.start(kind) - 1, found.end(kind) + 1, found[kind], found[kind], _QUOTES[kind])
        elif differs_from_yaml_1_1(found[1]) is not None:
            raise _NotPlain  # `compose` tells about it
        else:
            answer = (found.start(1), found.end(1), found[1], resolve_plain(found[1]), None)
        self._texts[rest] = answer
        return answer

    def _item(self, line: str, row: int, pending: Scalar | None, end: int) -> int:
        """Read an item that is one value, and return where it ends."""
        found = _ITEM.match(line)
        if found is None:
            raise _NotPlain
        self._settle(pending, end, row, found.end(1), dash=True)
        box, start = self._open[-1][1], found.end()
        text = self._texts.get(line[start:]) or self._text(line[start:])
        if text is _NO_VALUE:
            raise _NotPlain
        if text is _FLOW:
            item, end = self._flow(line, start, row)
        else:
            end = row + start + text[1]
            item = Scalar(text[2], text[3], text[4], row + start, end)
        assert isinstance(box, SequenceNode)
        box.items.append(item)
        return end

    def _settle(self, pending: Scalar | None, end: int, row: int, first: int, *, dash: bool) -> None:
        """End and begin blocks until the innermost is the mapping, or with ``dash`` the list, at column ``first``."""
        blocks = self._open
        column, box, names = blocks[-1]
        if pending is not None:
            assert isinstance(box, MappingNode)
            if first > column or (dash and first == column):
                box.entries.append(Entry(pending, self._begin(first, row, dash=dash)))
                return
            box.entries.append(Entry(pending, Scalar("", None, None, end, end)))
        while column > first or (column == first and names is None and not dash):
            box.end_spot = end
            blocks.pop()
            column, box, names = blocks[-1]
        if column != first or (names is None) is not dash:
            raise _NotPlain

    def _begin(self, column: int, row: int, *, dash: bool) -> MappingNode | SequenceNode:
        """Open a mapping, or with ``dash`` a list."""
        start = row + column
        if len(self._open) >= _MAX_DEPTH:
            raise _NotPlain
        if dash:
            box = SequenceNode(start, start, flow=False)
            self._open.append((column, box, None))
        else:
            box = MappingNode(start, start, flow=False)
            box.simple = True
            self._open.append((column, box, set()))
        return box

    def _begin_item(self, column: int, row: int) -> None:
        """Open a mapping as the next item of the innermost list."""
        items = self._open[-1][1]
        assert isinstance(items, SequenceNode)
        items.items.append(self._begin(column, row, dash=False))

    def _flow(self, line: str, column: int, row: int) -> tuple[Node, int]:
        """Return the flow collection in the rest of a line, and where it ends."""
        if len(line) - column > _MAX_FLOW:
            raise _NotPlain
        box, column = self._flow_box(line, column, row, len(self._open))
        if not _NOTHING.match(line, column):
            raise _NotPlain
        return box, row + column

    def _flow_box(self, line: str, column: int, row: int, depth: int) -> tuple[MappingNode | SequenceNode, int]:
        """Return the flow collection that comes next, and the column past it."""
        found = _FLOW_START.match(line, column)
        if found is None or depth >= _MAX_DEPTH:
            raise _NotPlain
        start, column = row + found.start(1), found.end()
        if found[1] == "[":
            box = SequenceNode(start, start, flow=True)
            column = self._flow_items(box, line, column, row, depth + 1)
        else:
            box = MappingNode(start, start, flow=True)
            column = self._flow_entries(box, line, column, row, depth + 1)
        box.end_spot = row + column
        return box, column

    def _flow_items(self, box: SequenceNode, line: str, column: int, row: int, depth: int) -> int:
        if line.startswith("]", column):
            return column + 1
        mark = ","
        while mark == ",":
            item, mark, column = self._flow_node(line, column, row, depth)
            box.items.append(item)
        if mark != "]":
            raise _NotPlain
        return column

    def _flow_entries(self, box: MappingNode, line: str, column: int, row: int, depth: int) -> int:
        names: set[str] = {"<<"}  # a merge is left to `compose`
        box.simple = True
        if line.startswith("}", column):
            return column + 1
        mark = ","
        while mark == ",":
            key, mark, column = self._flow_node(line, column, row, depth)
            if mark != ":" or not isinstance(key, Scalar) or key.text in names:
                raise _NotPlain
            names.add(key.text)
            value, mark, column = self._flow_node(line, column, row, depth)
            box.entries.append(Entry(key, value))
        if mark != "}":
            raise _NotPlain
        return column

    def _flow_node(self, line: str, column: int, row: int, depth: int) -> tuple[Node, str, int]:
        """Return a node inside of a flow collection, the mark after it, and the column past that."""
        found = _FLOW_SCALAR.match(line, column)
        if found is None:
            node, column = self._flow_box(line, column, row, depth)
            found = _FLOW_MARK.match(line, column)
            if found is None:
                raise _NotPlain
            return node, found[1], found.end()
        text = found[1]
        if text is not None:
            start = row + found.start(1)
            value = (self._texts.get(text) or self._text(text))[3]
            node = Scalar(text, value, None, start, start + len(text))
        else:
            kind = 2 if found[2] is not None else 3
            text, start = found[kind], row + found.start(kind) - 1
            node = Scalar(text, text, _QUOTES[kind], start, start + len(text) + 2)
        return node, found[4], found.end()
