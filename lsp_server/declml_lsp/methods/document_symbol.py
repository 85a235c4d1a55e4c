"""textDocument/documentSymbol: the outline of a config, its features by name with their type."""

from __future__ import annotations

from lsprotocol import types

from declml_lsp.nodes import target_of
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_lsp.written import Json, Written
from declml_schema.document import entries
from declml_schema.tree import Alias, Entry, MappingNode, Node, Scalar, SequenceNode

_DETAIL_LENGTH = 60


def respond(session: Session, snapshot: Snapshot, _params: types.DocumentSymbolParams) -> Written:
    """Return the outline, as a tree where the client can show one."""
    symbols = outline(snapshot)
    if session.supports("text_document", "document_symbol", "hierarchical_document_symbol_support"):
        return Written(symbols)
    return Written([each for symbol in symbols for each in _flat(snapshot, symbol, None)])


def outline(snapshot: Snapshot) -> list[Json]:
    """Return the symbols of the top level, each with those inside it, as the protocol writes a ``DocumentSymbol``."""
    return _children(snapshot.text, snapshot.root)


def _children(text: Text, node: Node | None, *, collections_only: bool = False) -> list[Json]:
    """Return the symbols inside a node; inside a feature its parts alone, since name and type are told beside it."""
    if isinstance(node, MappingNode):
        return [
            _entry(text, each, collections_only=collections_only)
            for each in node.entries
            if each.key.text and not (collections_only and isinstance(each.value, Scalar | Alias))
        ]
    if isinstance(node, SequenceNode):
        return [_item(text, index, each) for index, each in enumerate(node.items)]
    return []  # a value, or an alias, whose target is shown where it is written


def _entry(text: Text, entry: Entry, *, collections_only: bool) -> Json:
    key, value = entry.key, entry.value
    here = text.written(key)
    # A value that is still to be typed ends before its key does.
    ends_later = (value.end_line, value.end_column) > (key.end_line, key.end_column)
    end = text.written(value)["end"] if ends_later else here["end"]
    symbol: Json = {
        "name": key.text,
        "kind": _kind(value).value,
        "range": {"start": here["start"], "end": end},
        "selectionRange": here,
    }
    return _filled(symbol, _detail(value), _children(text, value, collections_only=collections_only))


def _item(text: Text, index: int, node: Node) -> Json:
    target = target_of(node)
    scalars = _scalars(target) if isinstance(target, MappingNode) else {}
    name = scalars.get("name") or (target.text if isinstance(target, Scalar) else "") or f"[{index}]"
    detail = " · ".join(each for each in (scalars.get("type", ""), _encoder(target)) if each)
    kind = types.SymbolKind.Field if isinstance(target, MappingNode) else _kind(node)
    here = text.written(node)
    symbol: Json = {"name": name, "kind": kind.value, "range": here, "selectionRange": here}
    return _filled(symbol, detail or None, _children(text, node, collections_only=True))


def _filled(symbol: Json, detail: str | None, children: list[Json]) -> Json:
    if detail is not None:
        symbol["detail"] = detail
    if children:
        symbol["children"] = children
    return symbol


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


def _flat(snapshot: Snapshot, symbol: Json, parent: str | None) -> list[Json]:
    """Return a symbol and those inside it as the protocol writes a ``SymbolInformation``."""
    location = {"uri": snapshot.uri, "range": symbol["range"]}
    here: Json = {"name": symbol["name"], "kind": symbol["kind"], "location": location}
    if parent is not None:
        here["containerName"] = parent
    inner = [each for child in symbol.get("children", ()) for each in _flat(snapshot, child, symbol["name"])]
    return [here, *inner]
