"""Features: those that the data have and the config lacks, and the order of a feature's keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from lsprotocol import types

from declml_lsp.actions.proposal import Proposal, Request
from declml_lsp.quoting import as_scalar
from declml_schema.document import entries, resolve
from declml_schema.problems import Edit, Position, Span
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode

_SIDES = ("input_features", "output_features")
REWRITE = types.CodeActionKind.RefactorRewrite


def missing_features(request: Request) -> Iterator[Proposal]:
    """Yield the proposal that adds an input feature for each column that the config does not use yet."""
    profile = request.session.facts.profile(request.snapshot)
    root = request.snapshot.root
    if profile is None or not (root is None or isinstance(root, MappingNode)):
        return
    section = entry_of(root, "input_features")
    place = section or entry_of(root, "data")
    if place is None or not request.touches(Span(place.key.span.start, max(place.key.span.end, place.value.span.end))):
        return
    used = _used(root)
    columns = [each for each in profile["columns"] if each.get("feature_type") and each["name"] not in used]
    if not columns:
        return
    names = ", ".join(str(each["name"]) for each in columns[:3])
    more = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
    what = "a feature" if len(columns) == 1 else f"{len(columns)} features"
    yield Proposal(
        "missing-features",
        f"Add {what} for columns that are not used yet: {names}{more}",
        REWRITE,
        lambda: [_addition(request, section, columns)],
    )


def entry_of(root: Node | None, key: str) -> Entry | None:
    """Return an entry of a mapping, None without one."""
    target = resolve(root) if root is not None else None
    if not isinstance(target, MappingNode):
        return None
    return next((each for each in entries(target) if each.key.text == key), None)


def _used(root: Node | None) -> set[str]:
    """Return the columns that features read."""
    used: set[str] = set()
    for side in _SIDES:
        found = entry_of(root, side)
        listed = resolve(found.value) if found is not None else None
        for item in listed.items if isinstance(listed, SequenceNode) else ():
            feature = resolve(item)
            if isinstance(feature, MappingNode):
                values = {each.key.text: resolve(each.value) for each in entries(feature)}
                scalar = values.get("column") or values.get("name")
                if isinstance(scalar, Scalar):
                    used.add(scalar.text)
    return used


def _addition(request: Request, section: Entry | None, columns: list[Mapping[str, Any]]) -> Edit:
    listed = section.value if section is not None else None
    text = request.snapshot.text
    if isinstance(listed, SequenceNode) and not listed.flow and listed.items:
        margin = " " * listed.start_column
        end = Position(listed.end_line, len(text.line(listed.end_line)))
        return Edit(Span(end, end), "".join(f"\n{line}" for line in _lines(columns, margin)))
    lines = "".join(f"\n{line}" for line in _lines(columns, "  "))
    if section is not None:
        if isinstance(listed, SequenceNode) and listed.items:  # in flow style: more items of the same style
            last = listed.items[-1].span.end
            added = "".join(
                f", {{name: {as_scalar(str(each['name']))}, type: {each['feature_type']}}}" for each in columns
            )
            return Edit(Span(last, last), added)
        end = max(section.value.span.end, section.key.span.end)
        colon = Position(section.key.end_line, text.line(section.key.end_line).find(":", section.key.end_column) + 1)
        return Edit(Span(colon, max(colon, end)), lines)
    end = text.end
    before = "" if not text.line(end.line).strip() else "\n"
    return Edit(Span(end, end), f"{before}\ninput_features:{lines}\n")


def _lines(columns: list[Mapping[str, Any]], margin: str) -> Iterator[str]:
    for each in columns:
        yield f"{margin}- name: {as_scalar(str(each['name']))}"
        yield f"{margin}  type: {each['feature_type']}"


def sort_feature(request: Request) -> Iterator[Proposal]:
    """Yield the proposal that puts a feature's keys into their usual order, each with the comments above it."""
    for side, feature in features_of(request):
        if feature.flow or not request.touches(feature.span) or len(feature.entries) < 2:
            continue
        words = request.session.facts.words(request.snapshot)
        written = next((each.value for each in feature.entries if each.key.text == "type"), None)
        kind = written.text if isinstance(written, Scalar) else None
        block = words.feature_block(side, kind if kind and words.find(side, kind) else None)
        shared = list(words.section(f"{side}_feature").properties)
        order = {name: index for index, name in enumerate(dict.fromkeys((*shared, *block.properties)))}
        wanted = sorted(feature.entries, key=lambda each: order.get(each.key.text, len(order)))
        if wanted == feature.entries or any(_starts_inside(each) for each in feature.entries):
            continue
        yield Proposal(
            f"sort:{feature.start_line}",
            "Sort the keys of this feature",
            REWRITE,
            lambda feature=feature, wanted=wanted: [_sorted(request, feature, wanted)],
        )


def _starts_inside(entry: Entry) -> bool:
    """Return whether an entry is not plain lines of its own: an alias's merge, say, moves with its place."""
    return entry.key.text == "<<" or entry.merged


def features_of(request: Request) -> Iterator[tuple[str, MappingNode]]:
    """Yield the features that are written as mappings, each with its side."""
    for name in _SIDES:
        found = entry_of(request.snapshot.root, name)
        listed = found.value if found is not None else None
        for item in listed.items if isinstance(listed, SequenceNode) else ():
            if isinstance(item, MappingNode):
                yield name.removesuffix("_features"), item


def _sorted(request: Request, feature: MappingNode, wanted: list[Entry]) -> Edit:
    """Return the edit that writes a feature's entries in another order. Comments above a key go with it."""
    text, listed = request.snapshot.text, feature.entries
    column = listed[0].key.start_column
    starts = [listed[0].key.start_line]
    for before, each in pairwise(listed):
        starts.append(max(before.value.end_line, before.key.end_line) + 1)
        assert each.key.start_line >= starts[-1]  # block style: every key has a line of its own
    last = max(listed[-1].value.end_line, listed[-1].key.end_line)
    chunks: dict[int, str] = {}
    for index, each in enumerate(listed):
        stop = starts[index + 1] - 1 if index + 1 < len(starts) else last
        lines = [text.line(number) for number in range(starts[index], stop + 1)]
        if index == 0:
            lines[0] = " " * column + lines[0][column:]
        chunks[id(each)] = "\n".join(lines)
    joined = "\n".join(chunks[id(each)] for each in wanted)
    start = Position(starts[0], column)
    head = joined.removeprefix(" " * column)
    if head == joined or head.lstrip().startswith("#"):
        # The first key has a comment above it, which cannot stand behind the dash.
        head = _comment_last(chunks[id(wanted[0])], column) + joined.removeprefix(chunks[id(wanted[0])])
    return Edit(Span(start, Position(last, len(text.line(last)))), head)


def _comment_last(chunk: str, column: int) -> str:
    """Return a chunk for the place behind a dash: its comments below its key."""
    lines = chunk.split("\n")
    comments = [line for line in lines if line.lstrip().startswith("#")]
    rest = [line for line in lines if line not in comments]
    return "\n".join([*rest, *comments]).removeprefix(" " * column)
