"""What the pointer is on: a key, a value, an item, or the dash before one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from declml_lsp.nodes import Spot, holds, spot_at
from declml_schema.problems import Position, Span
from declml_schema.tree import Alias, Node, Scalar

_DASHES = re.compile(r"[ \t]*(?:-[ \t]+)+")


@dataclass(frozen=True, slots=True)
class Target:
    """What a hover is about, and the span of it. ``on_key`` is false on a value and on a list's item."""

    spot: Spot
    span: Span
    on_key: bool
    alias: Alias | None = None


def target_at(root: Node | None, lines: Sequence[str], position: Position) -> Target | None:
    """Return what stands at a place, None on blanks, comments and brackets."""
    dash = _dash(lines, position)
    spot = spot_at(root, position if dash is None else Position(position.line, dash.end.column))
    if spot is None:
        return None
    if dash is not None:
        return Target(spot, Span(dash.start, Position(dash.start.line, dash.start.column + 1)), on_key=True)
    if spot.key_span is not None and holds(spot.key_span, position):
        return Target(spot, spot.key_span, on_key=True)
    node = spot.node
    if isinstance(node, Scalar | Alias) and holds(node.span, position):
        return Target(spot, node.span, on_key=False, alias=node if isinstance(node, Alias) else None)
    return None


def _dash(lines: Sequence[str], position: Position) -> Span | None:
    """Return the span from the dash at a place to what it introduces."""
    line = lines[position.line] if position.line < len(lines) else ""
    found = _DASHES.match(line)
    if found is None or position.column >= found.end():
        return None
    start = line.rfind("-", 0, position.column + 1)
    return Span(Position(position.line, start), Position(position.line, found.end())) if start >= 0 else None
