"""textDocument/foldingRange: sections, features, nested mappings, and runs of comments."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.tree import MappingNode, Node, Scalar, SequenceNode


def respond(session: Session, snapshot: Snapshot, _params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    """Return the ranges, the outer ones first, as many as the client takes."""
    capability = session.capabilities.text_document
    limit = capability.folding_range.range_limit if capability and capability.folding_range else None
    found = sorted({*_collections(snapshot.root), *_comments(snapshot.lines)})
    return [
        types.FoldingRange(start, end, kind=types.FoldingRangeKind.Comment if is_comment else None)
        for start, end, is_comment in found[: limit or len(found)]
    ]


def _collections(node: Node | None) -> Iterator[tuple[int, int, bool]]:
    if isinstance(node, MappingNode):
        for entry in node.entries:
            yield from _fold(entry.value, entry.key.start_line)
    elif isinstance(node, SequenceNode):
        for item in node.items:
            # The dash stands on the line of the item's first key: the fold begins there.
            yield from _fold(item, item.start_line)


def _fold(node: Node, start: int) -> Iterator[tuple[int, int, bool]]:
    is_box = isinstance(node, MappingNode | SequenceNode)
    if node.end_line > start and (is_box or (isinstance(node, Scalar) and node.style in ("|", ">"))):
        yield start, node.end_line, False
    if is_box:
        yield from _collections(node)


def _comments(lines: list[str]) -> Iterator[tuple[int, int, bool]]:
    start: int | None = None
    for number, line in enumerate([*lines, ""]):
        if line.lstrip().startswith("#"):
            start = number if start is None else start
            continue
        if start is not None and number - start > 1:
            yield start, number - 1, True
        start = None
