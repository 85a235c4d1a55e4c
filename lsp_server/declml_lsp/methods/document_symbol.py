"""textDocument/documentSymbol: the outline of a config, its features by name with their type."""

from __future__ import annotations

from lsprotocol import types

from declml_lsp.nodes import target_of
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.document import entries
from declml_schema.problems import Span
from declml_schema.tree import Alias, Entry, MappingNode, Node, Scalar, SequenceNode

_DETAIL_LENGTH = 60


def respond(
    session: Session, snapshot: Snapshot, _params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    """Return the outline, as a tree where the client can show one."""
    symbols = outline(snapshot)
    if session.supports("text_document", "document_symbol", "hierarchical_document_symbol_support"):
        return symbols
    return [each for symbol in symbols for each in _flat(snapshot, symbol, None)]


def outline(snapshot: Snapshot) -> list[types.DocumentSymbol]:
    """Return the symbols of the top level, each with those inside it."""
    return _children(snapshot, snapshot.root)


def _children(snapshot: Snapshot, node: Node | None, *, collections_only: bool = False) -> list[types.DocumentSymbol]:
    """Return the symbols inside a node; inside a feature its parts alone, since name and type are told beside it."""
    if isinstance(node, MappingNode):
        return [
            _entry(snapshot, each, collections_only=collections_only)
            for each in node.entries
            if each.key.text and not (collections_only and isinstance(each.value, Scalar | Alias))
        ]
    if isinstance(node, SequenceNode):
        return [_item(snapshot, index, each) for index, each in enumerate(node.items)]
    return []  # a value, or an alias, whose target is shown where it is written


def _entry(snapshot: Snapshot, entry: Entry, *, collections_only: bool) -> types.DocumentSymbol:
    value = entry.value
    return types.DocumentSymbol(
        entry.key.text,
        _kind(value),
        snapshot.text.range(_joined(entry.key, value)),
        snapshot.text.range(entry.key.span),
        detail=_detail(value),
        children=_children(snapshot, value, collections_only=collections_only) or None,
    )


def _item(snapshot: Snapshot, index: int, node: Node) -> types.DocumentSymbol:
    target = target_of(node)
    scalars = _scalars(target) if isinstance(target, MappingNode) else {}
    name = scalars.get("name") or (target.text if isinstance(target, Scalar) else "") or f"[{index}]"
    detail = " · ".join(each for each in (scalars.get("type", ""), _encoder(target)) if each)
    kind = types.SymbolKind.Field if isinstance(target, MappingNode) else _kind(node)
    place = snapshot.text.range(node.span)
    return types.DocumentSymbol(
        name,
        kind,
        place,
        place,
        detail=detail or None,
        children=_children(snapshot, node, collections_only=True) or None,
    )


def _joined(key: Scalar, value: Node) -> Span:
    return Span(key.span.start, max(key.span.end, value.span.end))


def _scalars(mapping: MappingNode) -> dict[str, str]:
    found = {entry.key.text: target_of(entry.value) for entry in entries(mapping)}
    return {name: value.text for name, value in found.items() if isinstance(value, Scalar)}


def _encoder(node: Node | None) -> str:
    """Return the type of a feature's encoder or decoder."""
    if not isinstance(node, MappingNode):
        return ""
    for entry in entries(node):
        inner = target_of(entry.value)
        if entry.key.text in ("encoder", "decoder") and isinstance(inner, MappingNode):
            return _scalars(inner).get("type", "")
    return ""


def _detail(value: Node) -> str | None:
    target = target_of(value)
    if isinstance(target, Scalar):
        text = target.text
        return text if len(text) <= _DETAIL_LENGTH else f"{text[: _DETAIL_LENGTH - 1]}…"
    if isinstance(target, SequenceNode):
        return f"{len(target.items)}"
    return _scalars(target).get("type") if isinstance(target, MappingNode) else None


def _kind(value: Node) -> types.SymbolKind:
    target = target_of(value)
    if isinstance(target, MappingNode):
        return types.SymbolKind.Object
    if isinstance(target, SequenceNode):
        return types.SymbolKind.Array
    content = target.value if isinstance(target, Scalar) else None
    if isinstance(content, bool):
        return types.SymbolKind.Boolean
    if isinstance(content, int | float):
        return types.SymbolKind.Number
    return types.SymbolKind.String if content is not None else types.SymbolKind.Null


def _flat(snapshot: Snapshot, symbol: types.DocumentSymbol, parent: str | None) -> list[types.SymbolInformation]:
    here = types.SymbolInformation(
        types.Location(snapshot.uri, symbol.range), symbol.name, symbol.kind, container_name=parent
    )
    inner = [each for child in symbol.children or () for each in _flat(snapshot, child, symbol.name)]
    return [here, *inner]
