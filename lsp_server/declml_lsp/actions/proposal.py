"""A proposal: something that can be done to the text, and edits that are made only when it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lsprotocol import types

from declml_lsp.quoting import as_scalar
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.problems import Edit, Position, Problem, Span
from declml_schema.tree import Entry, MappingNode


@dataclass(frozen=True, slots=True)
class Proposal:
    """``identity`` names it among those for the same place; ``edits`` makes them.

    ``problem`` is what it mends. ``preferred`` marks the one that a single key press applies.
    """

    identity: str
    title: str
    kind: types.CodeActionKind
    edits: Callable[[], Sequence[Edit]]
    problem: Problem | None = None
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """Where proposals are asked for: a span of one version of a config."""

    session: Session
    snapshot: Snapshot
    span: Span

    def touches(self, span: Span) -> bool:
        """Return whether a span meets the one that was asked about; lines count, as a click into a line does."""
        return span.start.line <= self.span.end.line and self.span.start.line <= span.end.line


def removals(snapshot: Snapshot, mapping: MappingNode, gone: Sequence[Entry]) -> list[Edit]:
    """Return the edits that take entries out of a mapping, with their lines or their commas; not all of them."""
    if mapping.flow:
        kept = [written(snapshot, each) for each in mapping.entries if each not in gone]
        return [flow_edit(mapping, kept)] if gone else []
    return [_block_removal(snapshot, mapping, each, gone) for each in gone]


def written(snapshot: Snapshot, entry: Entry) -> str:
    """Return an entry as it stands in the text."""
    return snapshot.text.of(Span(entry.key.span.start, max(entry.key.span.end, entry.value.span.end)))


def flow_edit(mapping: MappingNode, entries: Sequence[str]) -> Edit:
    """Return the edit that writes other entries between the braces of a mapping in flow style."""
    first, last = mapping.entries[0], mapping.entries[-1]
    return Edit(Span(first.key.span.start, max(last.key.span.end, last.value.span.end)), ", ".join(entries))


def _block_removal(snapshot: Snapshot, mapping: MappingNode, entry: Entry, gone: Sequence[Entry]) -> Edit:
    key, end = entry.key, max(entry.value.end_line, entry.key.end_line)
    line = snapshot.text.line(key.start_line)
    if not line[: key.start_column].strip():
        return Edit(_lines(snapshot, key.start_line, end), "")
    # It stands after a dash: the next key that stays moves up to it.
    after = next((each for each in mapping.entries if each.key.start_line > end and each not in gone), None)
    stop = after.key.span.start if after is not None else Position(end, len(snapshot.text.line(end)))
    return Edit(Span(key.span.start, stop), "" if after is not None else "{}")


def _lines(snapshot: Snapshot, first: int, last: int) -> Span:
    """Return whole lines, with the line break after them, or the one before at the end of the text."""
    if last + 1 < len(snapshot.text.lines):
        return Span(Position(first, 0), Position(last + 1, 0))
    start = Position(first - 1, len(snapshot.text.line(first - 1))) if first else Position(0, 0)
    return Span(start, snapshot.text.end)


def block_yaml(value: object, indent: int) -> list[str]:
    """Return plain data as lines of block-style YAML; short lists of scalars stay on their line."""
    margin = " " * indent
    if isinstance(value, dict):
        lines: list[str] = []
        for key, each in value.items():
            if _is_nested(each):
                lines += [f"{margin}{as_scalar(str(key))}:", *block_yaml(each, indent + 2)]
            else:
                lines.append(f"{margin}{as_scalar(str(key))}: {inline_yaml(each)}")
        return lines
    if isinstance(value, list):
        lines = []
        for each in value:
            if _is_nested(each):
                inner = block_yaml(each, indent + 2)
                lines += [f"{margin}- {inner[0].lstrip()}", *inner[1:]]
            else:
                lines.append(f"{margin}- {inline_yaml(each)}")
        return lines
    return [margin + inline_yaml(value)]


def _is_nested(value: object) -> bool:
    return bool(value) and (isinstance(value, dict) or (isinstance(value, list) and any(map(_is_nested, value))))


def inline_yaml(value: object) -> str:
    """Return plain data on one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_scalar(str(key))}: {inline_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline_yaml, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return as_scalar(value) if isinstance(value, str) else str(value)


def text_edits(snapshot: Snapshot, edits: Iterable[Edit]) -> list[types.TextEdit]:
    """Return edits as the client takes them, with its line ends."""
    end = snapshot.text.line_end
    return [
        types.TextEdit(snapshot.text.range(each.span), each.text.replace("\n", end) if end != "\n" else each.text)
        for each in edits
    ]
