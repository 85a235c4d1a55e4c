"""Every entry of a parsed config with its meaning, in one pass: tokens, links, references are made of it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from declml_lsp.levels import Level, Step
from declml_lsp.meaning import LeafMeaning, ListMeaning, MappingMeaning, Meaning, meaning_of, step_into
from declml_lsp.nodes import Spot, level_of, target_of
from declml_lsp.snapshot import Snapshot
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode
from declml_schema.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Found:
    """One entry or item. ``owner`` is the meaning of the collection that holds it, None where that is not known.

    ``meaning`` is its own; a `LeafMeaning` for a plain value.
    """

    spot: Spot
    owner: Meaning | None
    meaning: Meaning | None

    @property
    def scalar(self) -> Scalar | None:
        """The plain value that is written here; None for a collection or an alias."""
        node = self.spot.node
        return node if isinstance(node, Scalar) else None

    @property
    def reference(self) -> str:
        """What the value names elsewhere: a column, a feature, a metric, a file; empty for nothing."""
        return self.meaning.reference if isinstance(self.meaning, LeafMeaning) else ""


def walked(words: Vocabulary, snapshot: Snapshot) -> Sequence[Found]:
    """Return every entry and item of a config that is written, in the order of the text; made once a version."""
    return snapshot.once("walk", words, lambda: walk(words, snapshot.root))


def walk(words: Vocabulary, root: Node | None) -> list[Found]:
    """Return every entry and item that is written, in the order of the text."""
    if not isinstance(root, MappingNode):
        return []
    outer = (level_of(root, ""),)
    return _Walk(words).run(root, outer, meaning_of(words, outer))


class _Walk:
    """One pass. Features of one type have the same meaning: each is found out once."""

    def __init__(self, words: Vocabulary) -> None:
        self._words = words
        self._found: list[Found] = []
        self._known: dict[Hashable, Meaning | None] = {}
        self._kept: list[Meaning | None] = []  # what `_known` tells apart by identity must live on

    def run(self, root: MappingNode, levels: tuple[Level, ...], meaning: Meaning | None) -> list[Found]:
        """Return what is inside ``root``."""
        self._inside(root, levels, meaning)
        return self._found

    def _inside(self, node: MappingNode | SequenceNode, levels: tuple[Level, ...], owner: Meaning | None) -> None:
        if isinstance(node, MappingNode):
            for entry in node.entries:
                self._take(entry.key.text, entry, entry.value, levels, owner)
        else:
            for index, item in enumerate(node.items):
                self._take(index, None, item, levels, owner)

    def _take(
        self, step: Step, entry: Entry | None, value: Node, levels: tuple[Level, ...], owner: Meaning | None
    ) -> None:
        target = value if value.__class__ is Scalar else target_of(value)
        if isinstance(target, MappingNode | SequenceNode):
            level = level_of(target, step)
            meaning = self._meaning(owner, level)
            self._found.append(Found(Spot(levels, step, entry, value), owner, meaning))
            if value is target:
                self._inside(target, (*levels, level), meaning)
        else:
            self._found.append(Found(Spot(levels, step, entry, value), owner, self._leaf(owner, step)))

    def _leaf(self, owner: Meaning | None, step: Step) -> Meaning | None:
        key = (id(owner), step if isinstance(step, str) else -1)
        if key not in self._known:
            self._remember(key, owner, Level(step, is_list=None))
        return self._known[key]

    def _meaning(self, owner: Meaning | None, level: Level) -> Meaning | None:
        """Return what a collection is; it depends on its place, and on what its keys choose."""
        step = level.step if isinstance(level.step, str) else -1
        chosen = (level.type(), level.scalars.get("decay"), "<<" in level.keys, level.is_list)
        key = (id(owner), step, chosen)
        if key not in self._known:
            self._remember(key, owner, level)
        return self._known[key]

    def _remember(self, key: Hashable, owner: Meaning | None, level: Level) -> None:
        inside = isinstance(owner, MappingMeaning | ListMeaning)
        meaning = step_into(self._words, owner, level) if inside else None
        self._known[key] = meaning
        self._kept.append(meaning)
