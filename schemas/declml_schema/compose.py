"""From YAML events to the tree, and the problems that only the events show: tags, aliases, duplicate and merge keys.

The only file that knows PyYAML, whose C parser gives the events; PyYAML's own composer would forget the places of keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from declml_schema.parser import GIVE_UP_DEPTH, MAX_DEPTH, TOO_DEEP, Parser, YamlFault, fault_of, open_parser
from declml_schema.problems import Edit, Fix, Position, Problem, Related, Severity, Span
from declml_schema.scalars import differs_from_yaml_1_1, resolve_plain
from declml_schema.suggest import nearest
from declml_schema.tags import check_tag, kind_of, read_tagged, shorten
from declml_schema.tree import Alias, Entry, MappingNode, Node, Scalar, SequenceNode

_TAG = re.compile(r"(?:&\S+[ \t]+)?(!\S*[ \t]*)")
_PROPERTY = re.compile(r"[&!]\S*|[ \t]+|#.*")

_Box: TypeAlias = MappingNode | SequenceNode
_Reading: TypeAlias = tuple[str, str | int | float | bool | None, str | None]
_DROPPED = Position(-1, 0)
"""Where a key stands that cannot be one; its entry is left out."""


class Composer:
    """Builds the tree of one text. ``lines`` are the lines of that text; ``root`` and ``problems`` are the result."""

    def __init__(self, lines: list[str]) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._lines = lines
        self._anchors: dict[str, Node] = {}
        self._open: list[_Box] = []  # from the root to the innermost
        self._readings: dict[str, _Reading] = {}  # of plain texts: most stand more than once

    def run(self, text: str) -> YamlFault | None:
        """Compose the first document of ``text``; return the fault that stopped it, if any."""
        try:
            self._compose(open_parser(text))
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # the pure Python parser's chr() of a bad escape
            return fault_of(error, last_line=len(self._lines) - 1)
        return None

    def _compose(self, parser: Parser) -> None:
        self._get_event = parser.get_event
        documents = 0
        while True:
            event = self._get_event()
            kind = event.__class__
            if kind is StreamEndEvent:
                return
            if kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self._second_document(event)
                    return
            elif kind is not StreamStartEvent and kind is not DocumentEndEvent:
                self.root = self._node(event)

    def _node(self, event: Any) -> Node:
        """Return the node that begins with ``event``; all of its events are read."""
        kind = event.__class__
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event)
        if len(self._open) >= MAX_DEPTH:
            return self._too_deep(event)
        return self._mapping(event) if kind is MappingStartEvent else self._sequence(event)

    def _scalar(self, event: Any) -> Scalar:
        """Return a scalar that is no key."""
        text, style = event.value, event.style
        if style or event.tag is not None or event.anchor is not None:
            return self._marked_scalar(event)
        reading = self._readings.get(text)
        if reading is None:
            reading = self._read(text)
        node = Scalar(reading[0], reading[1], None, event.start_mark, event.end_mark)
        if reading[2] is not None:
            self._ambiguous(node, reading[2])
        return node

    def _read(self, text: str) -> _Reading:
        reading = self._readings[text] = (text, resolve_plain(text), differs_from_yaml_1_1(text))
        return reading

    def _mapping(self, event: Any) -> MappingNode:
        """Read a mapping. A plain key with a plain value is read here: nearly all are, and each call costs time."""
        mark = event.start_mark
        box = MappingNode(mark, mark, flow=bool(event.flow_style))
        if event.anchor is not None or event.tag is not None:
            self._mark(box, event)
        self._open.append(box)
        get_event, readings = self._get_event, self._readings
        listed = box.entries
        names: set[str] = set()
        while True:
            event = get_event()
            if event.__class__ is ScalarEvent:
                if event.style or event.tag is not None or event.anchor is not None:
                    key = self._marked_scalar(event, is_key=True)
                else:
                    reading = readings.get(event.value) or self._read(event.value)
                    key = Scalar(reading[0], reading[1], None, event.start_mark, event.end_mark)
            elif event.__class__ is MappingEndEvent:
                break
            else:
                key = self._odd_key(self._node(event))
            event = get_event()
            value = self._scalar(event) if event.__class__ is ScalarEvent else self._node(event)
            if key.start is not _DROPPED:
                names.add(key.text)
                listed.append(Entry(key, value))
        self._open.pop()
        box.simple = len(names) == len(listed) and "<<" not in names
        if not box.simple:
            self._duplicates(box)
            self._merges(box)
        # libyaml ends a block at the next token, after blank lines and comments: too far.
        if box.flow:
            box.end = event.end_mark
        elif listed:
            box.end = listed[-1].value.end
        return box

    def _sequence(self, event: Any) -> SequenceNode:
        mark = event.start_mark
        box = SequenceNode(mark, mark, flow=bool(event.flow_style))
        if event.anchor is not None or event.tag is not None:
            self._mark(box, event)
        self._open.append(box)
        get_event = self._get_event
        items = box.items
        while True:
            event = get_event()
            if event.__class__ is SequenceEndEvent:
                break
            items.append(self._node(event))
        self._open.pop()
        if box.flow:
            box.end = event.end_mark
        elif items:
            box.end = items[-1].end
        return box

    def _mark(self, box: _Box, event: Any) -> None:
        """Take the anchor and the tag of a mapping or list that has just been opened."""
        if event.anchor is not None:
            self._anchor(event.anchor, box)
        if event.tag is not None:
            box.tag = event.tag
            self._skip_properties(box)
            self._note(check_tag(box, self._tag_span(event)))

    def _too_deep(self, event: Any) -> Scalar:
        """Read past a collection that is nested too deeply, and return an empty value in its place."""
        mark = event.start_mark
        message = f"Values must not be nested more than {MAX_DEPTH} levels deep."
        self.problems.append(Problem("nesting-too-deep", message, _span(mark.line, mark.column, 1)))
        depth = 1
        while depth:
            event = self._get_event()
            if event.__class__ in (MappingStartEvent, SequenceStartEvent):
                depth += 1
                if depth > GIVE_UP_DEPTH - MAX_DEPTH:
                    raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=event.start_mark)
            elif event.__class__ in (MappingEndEvent, SequenceEndEvent):
                depth -= 1
        return Scalar("", None, None, mark, mark)

    def _second_document(self, event: Any) -> None:
        mark = event.start_mark
        message = "The config must be one document; another one starts here."
        hint = "Delete this line and what follows, or move it to a file of its own."
        self.problems.append(Problem("multiple-documents", message, _span(mark.line, mark.column, 3), hint=hint))

    def _anchor(self, name: str, node: Scalar | _Box) -> None:
        node.anchor = name
        self._anchors[name] = node
        self._skip_properties(node)

    def _skip_properties(self, node: Scalar | _Box) -> None:
        """Move the start of ``node`` past its anchor and tag, where libyaml puts it, to the value itself."""
        line, column = node.start_line, node.start_column
        closed = isinstance(node, Scalar)  # a mapping or list that has just been opened has no end yet
        last = (node.end_line, node.end_column) if closed else (len(self._lines) - 1, len(self._lines[-1]))
        while (line, column) < last:
            text = self._lines[line]
            found = _PROPERTY.match(text, column)
            if found is not None:
                column = found.end()
            elif column >= len(text):
                line, column = line + 1, 0
            else:
                break
        node.start = Position(*min((line, column), last))
        if not closed:
            node.end = node.start

    def _marked_scalar(self, event: Any, *, is_key: bool = False) -> Scalar:
        """Return a scalar that is quoted, a block, tagged or an anchor's."""
        text, style = event.value, event.style or None
        node = Scalar(text, text, style, event.start_mark, event.end_mark)
        if style == "|" or style == ">":
            self._end_block(node)
        if event.anchor is not None:
            self._anchor(event.anchor, node)
        if event.tag is not None:
            self._skip_properties(node)
            node.tag = event.tag
            self._note(read_tagged(node, self._tag_span(event)))
        elif style is None:
            _, node.value, phrase = self._read(text)
            if phrase is not None and not is_key:
                self._ambiguous(node, phrase)
        return node

    def _end_block(self, node: Scalar) -> None:
        """Leave out the blank lines after a block scalar, which libyaml counts to it."""
        line, column = node.end_line, node.end_column
        while line > node.start_line and not self._lines[line][:column].strip():
            line -= 1
            column = len(self._lines[line])
        node.end = Position(line, column)

    def _tag_span(self, event: Any) -> Span:
        """Return the place of the tag itself, which stands before or after an anchor."""
        line, column = event.start_mark.line, event.start_mark.column
        found = _TAG.match(self._lines[line], column) if line < len(self._lines) else None
        return _span(line, column, 0) if found is None else _span(line, found.start(1), len(found.group(1)))

    def _note(self, problem: Problem | None) -> None:
        if problem is not None:
            self.problems.append(problem)

    def _alias(self, event: Any) -> Alias:
        node = Alias(event.anchor, None, event.start_mark, event.end_mark)
        target = self._anchors.get(event.anchor)
        if target is None:
            close = nearest(event.anchor, self._anchors)
            hint = f"Did you mean '*{close}'?" if close else f"Write '&{event.anchor}' at the value that is meant."
            fix = Fix(f"Replace by '*{close}'", (Edit(node.span, "*" + close),)) if close else None
            message = f"An alias must name an anchor that stands above it; there is no '&{event.anchor}'."
            self.problems.append(Problem("unknown-alias", message, node.span, hint=hint, fix=fix))
        elif any(target is each for each in self._open):
            message = f"A value must not contain itself; '*{event.anchor}' stands inside '&{event.anchor}'."
            self.problems.append(Problem("recursive-alias", message, node.span))
        else:
            node.target = target
        return node

    def _odd_key(self, node: Node) -> Scalar:
        """Return the key to use where no plain scalar was written: the alias's text, or one that drops the entry."""
        if isinstance(node, Alias):
            if isinstance(node.target, Scalar):
                return Scalar(node.target.text, node.target.value, '"', node.start, node.end)
            if node.target is None:
                return Scalar("", None, None, _DROPPED, _DROPPED)
        message = f"A key must be a single word or text; got {kind_of(node)}."
        braces = isinstance(node, MappingNode) and node.flow
        hint = "Put a value that starts with '{' in quotes." if braces else ""
        self.problems.append(Problem("complex-key", message, node.span, hint=hint))
        return Scalar("", None, None, _DROPPED, _DROPPED)

    def _ambiguous(self, node: Scalar, phrase: str) -> None:
        span = node.span
        if isinstance(node.value, str):
            message = f"'{node.text}' must be in quotes to mean the same everywhere; it is {phrase}."
            fix = Fix(f"Quote '{node.text}'", (Edit(span, f'"{node.text}"'),))
        else:
            message = f"'{node.text}' must be written in one clear way; it is {phrase}."
            fix = Fix(f"Write {node.value}", (Edit(span, str(node.value)),))
        self.problems.append(Problem("ambiguous-scalar", message, span, Severity.WARNING, fix=fix))

    def _duplicates(self, box: MappingNode) -> None:
        first: dict[str, Scalar] = {}
        for entry in box.entries:
            key = entry.key
            earlier = first.setdefault(key.text, key)
            if earlier is not key:
                name, line = shorten(key.text), earlier.start_line + 1
                message = f"A key must stand once in a mapping; '{name}' is already in line {line}."
                related = (Related(earlier.span, f"'{name}' stands here first."),)
                self.problems.append(Problem("duplicate-key", message, key.span, related=related))

    def _merges(self, box: MappingNode) -> None:
        for entry in box.entries:
            if entry.key.text == "<<" and entry.key.style is None:
                for value in _merged_values(entry.value):
                    message = f"'<<' must merge a mapping or a list of mappings; got {kind_of(value)}."
                    hint = "Write '<<: *name', where '&name' marks a mapping."
                    self.problems.append(Problem("merge-key", message, value.span, hint=hint))


def _merged_values(value: Node) -> Iterator[Node]:
    """Yield the parts of a merge that are no mapping. An alias without a target is a problem already."""
    target = value.target if isinstance(value, Alias) else value
    for each in target.items if isinstance(target, SequenceNode) else [value]:
        meant = each.target if isinstance(each, Alias) else each
        if meant is not None and not isinstance(meant, MappingNode):
            yield each


def _span(line: int, column: int, width: int) -> Span:
    return Span(Position(line, column), Position(line, column + width))
