"""What an anchor stands for, read from the lines after it: a merge may bring the ``type`` of what is being typed.

An anchor's own lines are few: they alone are parsed, whatever state the rest of the text is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from declml_lsp.blocks import marks_of
from declml_lsp.flow import closed_collection
from declml_lsp.levels import Level
from declml_schema.document import parse, resolve
from declml_schema.tree import Alias, MappingNode, Node, Scalar, SequenceNode

_ANCHOR = re.compile(r"(?:^|(?<=[\s\[{,]))&(?P<name>[^\s,\[\]{}]+)")
_DEEPEST = 5
_MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class Anchored:
    """What ``&name`` marks on ``line``: a mapping (``is_mapping``) with these keys and plain values, or one value."""

    name: str
    line: int
    is_mapping: bool
    keys: Sequence[str] = ()
    scalars: Mapping[str, str] = field(default_factory=dict[str, str])
    value: str | None = None


def anchors(lines: Sequence[str]) -> list[Anchored]:
    """Return everything that has an anchor, in the order of the text; of two with one name, the last."""
    found: dict[str, Anchored] = {}
    for number, line in enumerate(lines):
        if "&" in line:
            for match in _ANCHOR.finditer(line):
                found[match["name"]] = _read(lines, number, match, 0)
    return list(found.values())


def with_aliases(lines: Sequence[str], before: int, levels: Sequence[Level]) -> tuple[Level, ...]:
    """Return levels with the plain values that merges and aliases bring; the keys stay those that are written."""
    return tuple(_with_aliases(lines, before, level) if level.aliases else level for level in levels)


def _with_aliases(lines: Sequence[str], before: int, level: Level) -> Level:
    brought: dict[str, str] = {}
    for key, names in level.aliases.items():
        for name in names:
            found = _find(lines, before, name, 0)
            if found is None:
                continue
            if key == "<<":
                brought = {**found.scalars, **brought}
            elif found.value is not None:
                brought[key] = found.value
    return replace(level, scalars={**brought, **level.scalars})


def _find(lines: Sequence[str], before: int, name: str, depth: int) -> Anchored | None:
    """Return the last thing of that name above a line, or on it."""
    mark = f"&{name}"
    for number in range(min(before, len(lines) - 1), -1, -1):
        if mark in lines[number]:
            for match in _ANCHOR.finditer(lines[number]):
                if match["name"] == name:
                    return _read(lines, number, match, depth)
    return None


def _read(lines: Sequence[str], number: int, match: re.Match[str], depth: int) -> Anchored:
    name, root = match["name"], parse(_text(lines, number, match)).root
    target = resolve(root) if root is not None else None
    if isinstance(target, Scalar):
        return Anchored(name, number, is_mapping=False, value=target.text)
    if not isinstance(target, MappingNode):
        return Anchored(name, number, is_mapping=False)
    keys: list[str] = []
    scalars: dict[str, str] = {}
    for entry in target.entries:
        if entry.key.text == "<<":
            for outer in _merged(lines, number, entry.value, depth):
                keys += [key for key in outer.keys if key not in keys]
                scalars = {**outer.scalars, **scalars}
        else:
            keys.append(entry.key.text)
            if isinstance(entry.value, Scalar):
                scalars[entry.key.text] = entry.value.text
    return Anchored(name, number, is_mapping=True, keys=keys, scalars=scalars)


def _merged(lines: Sequence[str], number: int, value: Node, depth: int) -> Iterator[Anchored]:
    """Yield what a merge inside an anchored mapping brings; its aliases lead out of the lines that were parsed."""
    if depth < _DEEPEST:
        for each in value.items if isinstance(value, SequenceNode) else [value]:
            found = _find(lines, number, each.name, depth + 1) if isinstance(each, Alias) else None
            if found is not None:
                yield found


def _text(lines: Sequence[str], number: int, match: re.Match[str]) -> str:
    """Return the text of what an anchor marks: the rest of its line and the lines that lie deeper."""
    line = lines[number]
    rest = line[match.end() :]
    closed = closed_collection(rest.lstrip())
    if closed is not None:
        return closed
    marks = [mark for mark in marks_of(line, number) if mark.column < match.start()]
    column = marks[-1].column if marks else -1
    taken: list[str] = []
    for below in lines[number + 1 : number + 1 + _MOST_LINES]:
        content = below.lstrip()
        if content and len(below) - len(content) <= column:
            break
        taken.append(below)
    return "\n".join([rest, *taken])
