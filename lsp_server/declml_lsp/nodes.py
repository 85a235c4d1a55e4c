"""What stands at a place of a parsed config: the entry, its node, and the collections around it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from declml_lsp.levels import Level, Step, path_of
from declml_schema.document import entries, resolve
from declml_schema.problems import Position, Span
from declml_schema.tree import Alias, Entry, MappingNode, Node, Scalar, SequenceNode


@dataclass(frozen=True, slots=True)
class Spot:
    """One entry of a mapping (``entry``) or item of a list (``entry`` is None), with the collections around it.

    ``levels`` end with the collection that holds it. ``step`` is its key or number.
    """

    levels: tuple[Level, ...]
    step: Step
    entry: Entry | None
    node: Node

    @property
    def path(self) -> str:
        """The config path: ``input_features[2].encoder.dropout``."""
        return path_of(self.levels, self.step)

    @property
    def key_span(self) -> Span | None:
        """Where the key stands; None for an item of a list."""
        return self.entry.key.span if self.entry is not None else None

    @property
    def value(self) -> object:
        """The value of a plain scalar, aliases followed; None for anything else."""
        target = resolve(self.node)
        return target.value if isinstance(target, Scalar) else None


def spots(root: Node | None) -> Iterator[Spot]:
    """Yield every entry and item of a tree, in the order of the text; what an alias copies is not told again."""
    if isinstance(root, MappingNode | SequenceNode):
        yield from _inside(root, (), "")


def spot_at(root: Node | None, position: Position) -> Spot | None:
    """Return the innermost entry or item at a place, None where there is none (blank space, a comment)."""
    found: Spot | None = None
    node, levels, step = root, (), ""
    while isinstance(node, MappingNode | SequenceNode):
        levels = (*levels, level_of(node, step))
        inner = next((each for each in _children(node, levels, position.line) if _covers(each, position)), None)
        if inner is None:
            break
        found, node, step = inner, inner.node, inner.step
        if inner.entry is not None and holds(inner.entry.key.span, position):
            break
    return found


def level_of(node: MappingNode | SequenceNode, step: Step) -> Level:
    """Return one collection of a tree as a `Level`."""
    if isinstance(node, SequenceNode):
        return Level(step, is_list=True)
    scalars: dict[str, str] = {}
    keys: list[str] = []
    for entry in entries(node):
        keys.append(entry.key.text)
        value = resolve(entry.value)
        if isinstance(value, Scalar):
            scalars[entry.key.text] = value.text
    return Level(step, tuple(keys), scalars)


def holds(span: Span, position: Position) -> bool:
    """Return whether a place is inside a span or at one of its ends."""
    return span.start <= position <= span.end


def _inside(node: MappingNode | SequenceNode, outer: tuple[Level, ...], step: Step) -> Iterator[Spot]:
    levels = (*outer, level_of(node, step))
    for spot in _children(node, levels):
        yield spot
        if isinstance(spot.node, MappingNode | SequenceNode):
            yield from _inside(spot.node, levels, spot.step)


def _children(node: MappingNode | SequenceNode, levels: tuple[Level, ...], line: int | None = None) -> Iterator[Spot]:
    """Yield what a collection holds; with ``line``, what lies on that line: a list may be long."""
    if isinstance(node, MappingNode):
        for entry in node.entries:
            if line is None or entry.key.start_line <= line <= max(entry.value.end_line, entry.key.end_line):
                yield Spot(levels, entry.key.text, entry, entry.value)
    else:
        first, last = (0, len(node.items)) if line is None else _on_line(node.items, line)
        for index in range(first, last):
            yield Spot(levels, index, None, node.items[index])


def _on_line(items: Sequence[Node], line: int) -> tuple[int, int]:
    """Return from which item to which (not included) a list lies on a line."""
    last = bisect_right(items, line, key=lambda item: item.start_line)
    first = last
    while first > 0 and items[first - 1].end_line >= line:
        first -= 1
    return first, last


def _covers(spot: Spot, position: Position) -> bool:
    node = spot.node
    first = spot.entry.key if spot.entry is not None else node
    if position.line < first.start_line or position.line > max(node.end_line, first.end_line):
        return False
    start = first.span.start
    end = max(node.span.end, first.span.end)
    return start <= position <= end


def target_of(node: Node) -> Scalar | MappingNode | SequenceNode | None:
    """Return what a node stands for, an alias followed."""
    return resolve(node) if isinstance(node, Alias) else node
