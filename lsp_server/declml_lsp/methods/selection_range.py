"""textDocument/selectionRange: grow the selection from the word to its value, its entry, its mapping, the section."""

from __future__ import annotations

from lsprotocol import types

from declml_lsp.nodes import holds
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.problems import Position, Span
from declml_schema.tree import MappingNode, Node, SequenceNode


def respond(_session: Session, snapshot: Snapshot, params: types.SelectionRangeParams) -> list[types.SelectionRange]:
    """Return one chain of ranges for each place, the innermost first."""
    return [_chain(snapshot, snapshot.text.position(place)) for place in params.positions]


def _chain(snapshot: Snapshot, position: Position) -> types.SelectionRange:
    spans = [Span(Position(0, 0), snapshot.text.end)]
    node: Node | None = snapshot.root
    while isinstance(node, MappingNode | SequenceNode):
        if holds(node.span, position):
            spans.append(node.span)
        inner = _inner(node, position)
        if inner is None:
            break
        spans += inner[0]
        node = inner[1]
    answer: types.SelectionRange | None = None
    for outer, span in zip([None, *spans], spans, strict=False):
        if span != outer:
            answer = types.SelectionRange(snapshot.text.range(span), answer)
    assert answer is not None  # the whole text is always there
    return answer


def _inner(node: MappingNode | SequenceNode, position: Position) -> tuple[list[Span], Node | None] | None:
    """Return the spans of the entry or item at a place, outer first, and what to look into next."""
    if isinstance(node, SequenceNode):
        item = next((each for each in node.items if holds(each.span, position)), None)
        return None if item is None else ([item.span], item)
    for entry in node.entries:
        key, value = entry.key.span, entry.value.span
        whole = Span(key.start, max(key.end, value.end))
        if holds(whole, position):
            if holds(key, position):
                return [whole, key], None
            return [whole, *([value] if holds(value, position) else [])], entry.value
    return None
