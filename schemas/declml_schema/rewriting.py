"""Edits that move or rename keys in a text, for fixes that rewrite an older spelling."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from declml_schema.document import entries, resolve, to_data
from declml_schema.inspection import Inspection
from declml_schema.problems import Edit, Span
from declml_schema.tree import Entry, MappingNode, Node, Scalar

_SPECIAL = frozenset(",[]{}#:&*!|>%@`'\"")


def in_text(*nodes: Node) -> bool:
    """Return whether all nodes stand in the text, so that an edit can reach them."""
    return all(node.span.start.line >= 0 for node in nodes)


def flow_text(inspection: Inspection, node: Node) -> str:
    """Return a value as it can stand inside ``{...}``, as it was written where that is possible."""
    if isinstance(node, Scalar):
        if node.style in ("'", '"') or (node.style is None and node.text and _SPECIAL.isdisjoint(node.text)):
            return inspection.source(node.span)
        if node.style is None and not isinstance(node.value, str):
            return json.dumps(node.value)
    return json.dumps(to_data(node), ensure_ascii=False)


def removals(mapping: MappingNode, gone: Collection[str]) -> list[Edit] | None:
    """Return the edits that take entries out of a mapping; None where nothing would be left, or not in the text."""
    listed = mapping.entries
    if not all(in_text(entry.key, entry.value) for entry in listed) or any(entry.key.text == "<<" for entry in listed):
        return None
    kept = [index for index, entry in enumerate(listed) if entry.key.text not in gone]
    if not kept:
        return None
    edits: list[Edit] = []
    for index, entry in enumerate(listed):
        if entry.key.text not in gone:
            continue
        if index < kept[-1]:
            edits.append(Edit(Span(entry.key.span.start, listed[index + 1].key.span.start), ""))
        elif index == kept[-1] + 1:
            edits.append(Edit(Span(_end(listed[kept[-1]]).end, _end(listed[-1]).end), ""))
    return edits


def _end(entry: Entry) -> Span:
    """Return the span whose end is the entry's; a value with nothing written ends with its key."""
    value = entry.value.span
    return value if value.end > entry.key.span.end else Span(entry.key.span.start, entry.key.span.end)


def nesting(
    inspection: Inspection, mapping: MappingNode, moved: Sequence[tuple[Entry, str]], gone: Collection[str], key: str
) -> tuple[Edit, ...] | None:
    """Return the edits that move entries into the mapping at ``key`` of the same parent, under new names.

    ``gone`` are entries that vanish. A text at ``key`` becomes the new mapping's ``type``. None where it cannot be
    done safely.
    """
    parts = [f"{name}: {flow_text(inspection, entry.value)}" for entry, name in moved]
    host = next((entry for entry in mapping.entries if entry.key.text == key), None)
    away = {entry.key.text for entry, _ in moved} | set(gone)
    if not parts and host is None:
        edits = removals(mapping, away)
        return tuple(edits) if edits else None
    insert: Edit
    if host is None:
        first = moved[0][0]
        away.discard(first.key.text)
        insert = Edit(Span(first.key.span.start, _end(first).end), f"{key}: {{{', '.join(parts)}}}")
        away_now = removals(mapping, away) if away else []
    else:
        placed = _into_host(inspection, host, parts)
        if placed is None:
            return None
        insert = placed
        away_now = removals(mapping, away) if away else []
    if away_now is None or not in_text(*(entry.key for entry in mapping.entries)):
        return None
    return (insert, *away_now)


def _into_host(inspection: Inspection, host: Entry, parts: Sequence[str]) -> Edit | None:
    value = host.value
    if isinstance(value, Scalar) and isinstance(value.value, str):
        return Edit(value.span, f"{{{', '.join([f'type: {flow_text(inspection, value)}', *parts])}}}")
    target = value if isinstance(value, MappingNode) else None
    if target is None or not target.entries or not in_text(target):
        return None
    start = target.entries[0].key.span.start
    gap = ", " if target.flow else "\n" + " " * start.column
    return Edit(Span(start, start), "".join(part + gap for part in parts))


def copy_with(mapping: MappingNode, listed: list[Entry]) -> MappingNode:
    """Return a mapping at the same place with other entries."""
    copy = MappingNode(mapping.start, mapping.end, flow=mapping.flow)
    copy.entries = listed
    return copy


def renamed(entry: Entry, name: str) -> Entry:
    """Return the entry under another name, its key still at its place."""
    return Entry(word_at(entry.key, name), entry.value, entry.merged)


def word_at(place: Scalar, text: str) -> Scalar:
    """Return a plain word at the place of another scalar."""
    return Scalar(text, text, None, place.start, place.end)


def mapping_of(node: Node | None) -> MappingNode | None:
    """Return the mapping at ``node``, or None."""
    target = resolve(node) if node is not None else None
    return target if isinstance(target, MappingNode) else None


def text_of(node: Node | None) -> Scalar | None:
    """Return the scalar at ``node`` if it is text, or None."""
    target = resolve(node) if node is not None else None
    return target if isinstance(target, Scalar) and isinstance(target.value, str) else None


def find(mapping: MappingNode, name: str) -> Entry | None:
    """Return the entry in force of that name."""
    return next((entry for entry in entries(mapping) if entry.key.text == name), None)
