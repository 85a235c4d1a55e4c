"""What has a name in a config and where that name is used: features, anchors, plug-in components."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from declml_lsp.meaning import LeafMeaning, MappingMeaning
from declml_lsp.nodes import holds
from declml_lsp.snapshot import Snapshot
from declml_lsp.walk import Found, walked
from declml_schema.problems import Position, Span
from declml_schema.tree import Alias, MappingNode, Node, Scalar, SequenceNode
from declml_schema.vocabulary import Vocabulary, Word

FEATURE, ANCHOR, COMPONENT = "feature", "anchor", "component"
_REFERENCES = ("input_feature", "output_feature")
_PLUGIN = "plugin:"


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a name stands. ``kind`` is `FEATURE`, `ANCHOR` or `COMPONENT`; ``defines`` marks where it begins.

    ``span`` is the name itself, without quotes, ``&`` or ``*``; ``node`` its scalar, where it is one. ``word`` is the
    component that is named.
    """

    kind: str
    name: str
    span: Span
    defines: bool = False
    node: Scalar | None = None
    word: Word | None = None


def uses(words: Vocabulary, snapshot: Snapshot) -> Sequence[Use]:
    """Return every name of a config, in the order of the text; made once a version."""
    return snapshot.once("uses", words, lambda: _uses(words, snapshot))


def _uses(words: Vocabulary, snapshot: Snapshot) -> list[Use]:
    answer: list[Use] = []
    for found in walked(words, snapshot):
        answer += _of_entry(found)
        answer += _anchors(found.spot.node, snapshot.lines)
    return answer


def use_at(known: Iterable[Use], position: Position) -> Use | None:
    """Return the name at a place, None where there is none."""
    return next((use for use in known if holds(use.span, position)), None)


def same(known: Iterable[Use], use: Use) -> list[Use]:
    """Return every place where the same thing is named."""
    return [each for each in known if each.kind == use.kind and each.name == use.name]


def _of_entry(found: Found) -> list[Use]:
    spot, owner = found.spot, found.owner
    if isinstance(owner, MappingMeaning) and owner.section == "metrics" and spot.entry is not None:
        return [_feature(spot.entry.key)]
    scalar = found.scalar
    if scalar is None or not isinstance(scalar.value, str):
        return []
    if isinstance(owner, MappingMeaning) and owner.section == "feature" and spot.step == "name":
        return [_feature(scalar, defines=True)]
    if found.reference in _REFERENCES:
        return [_feature(scalar)]
    if isinstance(found.meaning, LeafMeaning) and found.meaning.words:
        word = next((each for each in found.meaning.words if each.name == scalar.value), None)
        if word is not None:
            return [Use(COMPONENT, scalar.value, inner_span(scalar), node=scalar, word=word)]
    return []


def _feature(scalar: Scalar, *, defines: bool = False) -> Use:
    return Use(FEATURE, str(scalar.value), inner_span(scalar), defines, scalar)


def inner_span(scalar: Scalar) -> Span:
    """Return where a scalar's text stands, without its quotes."""
    span = scalar.span
    if scalar.style not in ("'", '"') or span.start.line != span.end.line or span.end.column - span.start.column < 2:
        return span
    start, end = span.start, span.end
    return Span(Position(start.line, start.column + 1), Position(end.line, end.column - 1))


def _anchors(node: Node, lines: Sequence[str]) -> list[Use]:
    if isinstance(node, Alias):
        start, end = node.span.start, node.span.end
        return [Use(ANCHOR, node.name, Span(Position(start.line, start.column + 1), end))]
    name = node.anchor
    if name is None:
        return []
    place = _before(node, "&" + name, lines)
    return [Use(ANCHOR, name, place, defines=True)] if place is not None else []


def _before(node: Scalar | MappingNode | SequenceNode, written: str, lines: Sequence[str]) -> Span | None:
    """Return where an anchor's name stands: before its node, on the same line or one above."""
    for number in range(node.start_line, max(-1, node.start_line - 3), -1):
        line = lines[number] if number < len(lines) else ""
        column = line.rfind(written, 0, node.start_column if number == node.start_line else None)
        if column >= 0:
            return Span(Position(number, column + 1), Position(number, column + len(written)))
    return None


def plugin_file(word: Word, files: Sequence[Path]) -> Path | None:
    """Return the plug-in file that a component comes from, None for a built-in one."""
    if not word.module.startswith(_PLUGIN):
        return None
    name = word.module.removeprefix(_PLUGIN)
    return next((file for file in files if file.name == name), None)


def line_of(file: Path, word: Word) -> int:
    """Return the zero-based line on which a plug-in file declares a component, the first line where in doubt."""
    try:
        status = file.stat()
        return _declared(str(file), status.st_mtime_ns, word.attribute, word.name)
    except (OSError, UnicodeDecodeError):
        return 0


@lru_cache(maxsize=64)
def _declared(file: str, _written: int, attribute: str, name: str) -> int:
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    patterns = (
        rf"class\s+{re.escape(attribute)}\b",
        rf"{re.escape(attribute)}\s*[:=]",
        rf".*['\"]{re.escape(name)}['\"]",
    )
    for pattern in patterns:
        for number, line in enumerate(lines):
            if re.match(pattern, line):
                return number
    return 0
