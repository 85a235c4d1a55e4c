"""Settings that several features have alike, moved into ``defaults``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lsprotocol import types

from declml_lsp.actions.features import entry_of, features_of
from declml_lsp.actions.proposal import Proposal, Request, block_yaml, removals
from declml_schema.document import to_data
from declml_schema.problems import Edit, Position, Span
from declml_schema.tree import Entry, MappingNode, Scalar

_SHARED = ("encoder", "decoder", "preprocessing", "loss")


def share_in_defaults(request: Request) -> Iterator[Proposal]:
    """Yield the proposals that move a part that several features of a type have alike into ``defaults``."""
    features = [feature for _, feature in features_of(request)]
    for feature in features:
        if not request.touches(feature.span):
            continue
        kind = _type(feature)
        for part in _SHARED:
            entry = _part(feature, part)
            if entry is None or not kind or _has_default(request, kind, part):
                continue
            content = to_data(entry.value)
            alike = [(each, other) for each in features if _type(each) == kind and (other := _part(each, part))]
            members = [(each, other) for each, other in alike if to_data(other.value) == content]
            if len(members) > 1:
                yield Proposal(
                    f"defaults:{kind}:{part}",
                    f"Move this {part} of {len(members)} {kind} features to defaults",
                    types.CodeActionKind.RefactorExtract,
                    lambda kind=kind, part=part, members=members: _moved(request, kind, part, members),
                )


def _type(feature: MappingNode) -> str:
    written = next((each.value for each in feature.entries if each.key.text == "type"), None)
    return written.text if isinstance(written, Scalar) else ""


def _part(feature: MappingNode, name: str) -> Entry | None:
    """Return a part of a feature that is written as a mapping."""
    found = next((each for each in feature.entries if each.key.text == name), None)
    return found if found is not None and isinstance(found.value, MappingNode) else None


def _has_default(request: Request, kind: str, part: str) -> bool:
    section = entry_of(request.snapshot.root, "defaults")
    inner = entry_of(section.value, kind) if section is not None else None
    return inner is not None and entry_of(inner.value, part) is not None


def _moved(request: Request, kind: str, part: str, members: list[tuple[MappingNode, Entry]]) -> list[Edit]:
    content: Any = to_data(members[0][1].value)
    edits = [edit for feature, entry in members for edit in removals(request.snapshot, feature, [entry])]
    return [*edits, _default(request, kind, {part: content})]


def _default(request: Request, kind: str, value: dict[str, Any]) -> Edit:
    """Return the edit that writes a part into ``defaults``, whose section is made where there is none."""
    root, text = request.snapshot.root, request.snapshot.text
    section = entry_of(root, "defaults")
    if section is None or not isinstance(section.value, MappingNode):
        top = entry_of(root, "input_features")
        number = top.key.start_line if top is not None else 0
        start = Position(number, 0)
        return Edit(Span(start, start), "\n".join(["defaults:", *block_yaml({kind: value}, 2)]) + "\n\n")
    inner = entry_of(section.value, kind)
    box = inner.value if inner is not None else section.value
    lines: object = value if inner is not None else {kind: value}
    if isinstance(box, MappingNode) and not box.flow and box.entries:
        end = Position(box.end_line, len(text.line(box.end_line)))
        column = box.entries[0].key.start_column
        return Edit(Span(end, end), "".join(f"\n{line}" for line in block_yaml(lines, column)))
    data: Any = to_data(section.value)
    data.setdefault(kind, {}).update(value)
    colon = Position(section.key.end_line, text.line(section.key.end_line).find(":", section.key.end_column) + 1)
    return Edit(Span(colon, section.value.span.end), "".join(f"\n{line}" for line in block_yaml(data, 2)))
