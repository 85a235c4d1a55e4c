"""Inlay hints: defaults that matter, shapes along the model, the split in rows; one hint a line at most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lsprotocol import types

from declml_lsp.cursor import without_comment
from declml_lsp.hovering.ink import written
from declml_lsp.hovering.network import part_of, rows_text, shape_text
from declml_lsp.hovering.parameter import is_open
from declml_lsp.meaning import trainer_section
from declml_lsp.nodes import level_of
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.check import CheckResult
from declml_schema.document import entries, resolve
from declml_schema.places import entry_at
from declml_schema.problems import Position
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode

_MOST_TOLD = 3
_BEING_COMPUTED = "The config has changed since: this is being computed anew."

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hint:
    """What to show after a place, and the sentence that explains it."""

    place: Position
    label: str
    tooltip: str


def respond(session: Session, snapshot: Snapshot, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Answer ``textDocument/inlayHint``."""
    wanted = session.settings(snapshot).hints
    root = snapshot.root
    if not wanted or not isinstance(root, MappingNode):
        return []
    span = snapshot.text.span(params.range)
    hints = _Hints(session, snapshot, root, span.start.line, span.end.line)
    by_line: dict[int, list[Hint]] = {}
    for kind, act in (("defaults", hints.defaults), ("shapes", hints.shapes), ("split", hints.split)):
        if kind in wanted:
            for hint in act():
                if span.start.line <= hint.place.line <= span.end.line:
                    by_line.setdefault(hint.place.line, []).append(hint)
    return [_shown(snapshot, by_line[line]) for line in sorted(by_line)]


def _shown(snapshot: Snapshot, hints: list[Hint]) -> types.InlayHint:
    """Return the hints of one line as one: those at the place of the first, side by side."""
    first = hints[0]
    together = [each for each in hints if each.place == first.place]
    return types.InlayHint(
        snapshot.text.place(first.place),
        " ".join(each.label for each in together),
        tooltip="\n".join(dict.fromkeys(each.tooltip for each in together)),
        padding_left=True,
    )


class _Hints:
    """Finds the hints of one document between two lines, without looking at the features outside."""

    def __init__(self, session: Session, snapshot: Snapshot, root: MappingNode, first: int, last: int) -> None:
        self._snapshot = snapshot
        self._session = session
        self._root = root
        self._first, self._last = first, last

    @cached_property
    def _model(self) -> Json:
        return self._session.facts.model(self._snapshot) or {}

    @cached_property
    def _result(self) -> CheckResult:
        return self._session.checked(self._snapshot)

    def defaults(self) -> Iterator[Hint]:
        """Yield what an `auto` or null becomes, the encoder that nobody wrote, and what the trainer section leaves."""
        yield from self._resolved()
        yield from self._missing("trainer")
        for path, feature in self._features("input_features"):
            kind, encoder = _entry(feature, "type"), _entry(feature, "encoder")
            word = self._result.word_in_force(f"{path}.encoder")
            chosen = resolve(encoder.value) if encoder is not None else None
            if word is None or not word.properties or kind is None or isinstance(chosen, Scalar):
                continue
            if encoder is None or (isinstance(chosen, MappingNode) and not _has_type(chosen)):
                label = f"encoder: {word.name}" if encoder is None else f"type: {word.name}"
                place = self._after(kind if encoder is None else encoder)
                yield Hint(place, label, f"No encoder is written, so it is {word.name}. {word.doc}")

    def shapes(self) -> Iterator[Hint]:
        """Yield what leaves each encoder, the combiner and each decoder."""
        for side, part in (("input_features", "encoder"), ("output_features", "decoder")):
            for path, feature in self._features(side):
                name = level_of(feature, 0).scalars.get("name")
                component = _entry(feature, part)
                word = self._result.word_in_force(f"{path}.{part}")
                if component is None and side == "input_features" and (word is None or not word.properties):
                    continue  # an encoder that does nothing: its shape is that of the column
                yield from self._shape(path, name, component or _entry(feature, "type"), part)
        combiner = _entry(self._root, "combiner")
        if combiner is not None:
            yield from self._shape("combiner", None, combiner, "combiner")

    def split(self) -> Iterator[Hint]:
        """Yield how many rows each side of the split has."""
        rows = self._model.get("rows")
        if not isinstance(rows, Mapping) or not rows:
            return
        found = next(
            (
                entry
                for name in ("probabilities", "type", "")
                if (entry := entry_at(self._root, f"preprocessing.split.{name}".rstrip("."))) is not None
            ),
            None,
        )
        if found is not None:
            counts = " / ".join(f"{count:,}" for count in rows.values())
            yield Hint(self._after(found), f"→ {counts} rows", self._explained(f"{rows_text(rows)} rows."))

    def _resolved(self) -> Iterator[Hint]:
        for path, value in (self._model.get("resolved") or {}).items():
            entry = entry_at(self._root, path) if value is not None else None
            node = resolve(entry.value) if entry is not None else None
            if entry is not None and isinstance(node, Scalar) and is_open(node.value) and not entry.merged:
                tooltip = self._explained(f"{path} becomes {written(value)} for these data.")
                yield Hint(self._after(entry), f"→ {written(value)}", tooltip)

    def _missing(self, section: str) -> Iterator[Hint]:
        """Yield the common parameters that a section leaves at their defaults, after its key."""
        entry = _entry(self._root, section)
        node = resolve(entry.value) if entry is not None else None
        if entry is None or not isinstance(node, MappingNode):
            return
        keys = {each.key.text for each in entries(node)}
        words = self._session.facts.words(self._snapshot)
        model_type = self._result.top_level("model_type")
        leaves = words.section(trainer_section(words, model_type) if section == "trainer" else section).properties
        common = [name for name, leaf in leaves.items() if leaf.get("x-common") and leaf.get("default") is not None]
        left = {name: self._in_words(section, name, leaves[name]) for name in common[:_MOST_TOLD] if name not in keys}
        if left:
            label = ", ".join(f"{name}: {value}" for name, value in left.items())
            yield Hint(self._after(entry), label, "Not written here, so these are at their defaults.")

    def _in_words(self, section: str, name: str, leaf: Json) -> str:
        value = leaf["default"]
        becomes = (self._model.get("resolved") or {}).get(f"{section}.{name}") if is_open(value) else None
        return written(value) if becomes is None else f"{written(value)} → {written(becomes)}"

    def _shape(self, path: str, name: str | None, entry: Entry | None, part: str) -> Iterator[Hint]:
        known = part_of(self._model, path, name)
        shape = shape_text(known.get("output")) if known is not None else ""
        if entry is None or not shape:
            return
        node = resolve(entry.value)
        chosen = _entry(node, "type") if isinstance(node, MappingNode) and entry.key.text != "type" else None
        counts = (known or {}).get("parameters") or {}
        weights = f" It has {counts['trainable']:,} weights that train." if counts.get("trainable") else ""
        tooltip = self._explained(f"What the {part} gives for a batch of rows.{weights}")
        yield Hint(self._after(chosen or entry), f"→ {shape}", tooltip)

    def _features(self, key: str) -> Iterator[tuple[str, MappingNode]]:
        """Yield the features between the two lines, each with its path."""
        entry = _entry(self._root, key)
        node = resolve(entry.value) if entry is not None else None
        if not isinstance(node, SequenceNode):
            return
        for index, item in enumerate(node.items):
            if item.start_line > self._last:
                return
            if item.end_line >= self._first and isinstance(item, MappingNode):
                yield f"{key}[{index}]", item

    def _after(self, entry: Entry) -> Position:
        """Return the place after an entry's value, or after its key where a block follows below."""
        node: Node = entry.value
        on_one_line = isinstance(node, MappingNode | SequenceNode) and node.flow and node.end_line == entry.key.end_line
        if on_one_line or (isinstance(node, Scalar) and node.text):
            return node.span.end
        line = entry.key.end_line
        return Position(line, len(without_comment(self._snapshot.lines[line])))

    def _explained(self, sentence: str) -> str:
        return f"{sentence} {_BEING_COMPUTED}" if self._model.get("stale") else sentence


def _entry(mapping: Node | None, key: str) -> Entry | None:
    """Return the entry of a mapping that is written in it."""
    if not isinstance(mapping, MappingNode):
        return None
    return next((entry for entry in mapping.entries if entry.key.text == key), None)


def _has_type(mapping: MappingNode) -> bool:
    return any(entry.key.text == "type" for entry in entries(mapping))
