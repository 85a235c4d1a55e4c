"""A config's text as a tree: every key, value and alias with its place, and problems instead of exceptions.

Half-typed text is normal input. What the words mean is the checker's business; nothing here knows the vocabulary.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from declml_schema.compose_lines import read_lines
from declml_schema.placement import Shifts, restore_characters
from declml_schema.problems import Position, Problem, ProblemList, Span
from declml_schema.source_text import Source, clean, decode, split_lines
from declml_schema.tree import Alias, Entry, MappingNode, Node, Scalar, SequenceNode

MAX_DATA_DEPTH = 300


class AliasBudgetExceeded(Exception):
    """A text's aliases expand to more data than the budget allows (a "billion laughs" text)."""


@dataclass
class Document:
    """A parsed config. ``problems`` are in the order of the text; their spans are places in ``text``.

    ``text`` is the input without its byte-order mark. ``root`` is None when nothing is written but comments. ``broken``
    holds the zero-based lines that were not understood as written: a second complaint about them would be noise.
    """

    text: str
    root: Node | None
    problems: list[Problem]
    broken: frozenset[int] = field(default_factory=frozenset[int])


def parse(text: str | bytes, *, file: str = "") -> Document:
    """Return the tree of ``text`` and everything wrong with it as YAML. Never raises, whatever the input."""
    collecting = gc.isenabled()
    gc.disable()  # the nodes of a tree all live on: looking for garbage among them took a fifth of the time
    try:
        return _parse(text, file)
    finally:
        if collecting:
            gc.enable()


def _parse(text: str | bytes, file: str) -> Document:
    problems = ProblemList()
    written = decode(text, problems)
    if written is None:
        return Document("", None, _placed(problems, file))
    source = clean(written, problems)
    root, stopped = read_lines(source.text, source.lines)
    broken = source.broken
    if root is None:
        root, broken = _compose(source, stopped, problems)
    if source.swapped:
        restore_characters(root, source.swapped)
    if isinstance(root, Scalar) and root.style is None and not root.text:
        root = None  # "---" alone: as empty as an empty text
    return Document(written, root, _placed(problems, file, written), broken)


def _compose(source: Source, stopped: int, problems: ProblemList) -> tuple[Node | None, frozenset[int]]:
    """Return the tree of any text and the lines that were not understood; the line composer ``stopped`` at a line."""
    if stopped >= 0:
        # Imported here, as below.
        from declml_schema.compose_part import compose_part

        composed = compose_part(source, stopped, problems)
        if composed is not None:
            return composed
    return compose_whole(source, problems)


def compose_whole(source: Source, problems: ProblemList) -> tuple[Node | None, frozenset[int]]:
    """Return the tree of any text and the lines that were not understood, after mending what is no YAML."""
    # Imported here: it loads PyYAML, which costs a quarter of a short command, and most configs are plain.
    from declml_schema.compose import Composer

    composer = Composer(source.lines)
    fault = composer.run(source.text)
    broken = source.broken
    inserted: dict[int, tuple[int, int]] = {}
    if fault is not None:
        # Imported here: most texts are whole, and the ways to mend one are a lot of code.
        from declml_schema.repair import repair

        repaired = repair(source, fault, problems)
        broken, inserted = broken | repaired.broken, repaired.inserted
        composer = Composer(repaired.lines)
        composer.run(repaired.text)
    found = composer.problems
    shifts = Shifts(inserted, source.lines)
    if fault is not None or shifts.is_needed(composer.root, found):
        shifts.move_tree(composer.root)
        found = [shifts.move_problem(problem) for problem in found]
    for problem in found:
        if problem.span.start.line not in broken:
            problems.add(problem)
    return composer.root, broken


def resolve(node: Node) -> Scalar | MappingNode | SequenceNode | None:
    """Return what ``node`` stands for, aliases followed; None when an alias leads nowhere (already a problem)."""
    while isinstance(node, Alias):  # the composer gives a recursive alias no target, so this ends
        if node.target is None:
            return None
        node = node.target
    return node


def is_merge_key(key: Scalar) -> bool:
    """Return whether ``key`` is YAML's merge key, a plain ``<<``."""
    return key.text == "<<" and key.style is None and key.tag is None


def entries(mapping: MappingNode) -> list[Entry]:
    """Return the entries in force: own keys before merged ones, earlier merges before later, the last of duplicates.

    A key keeps the order of its first appearance. Entries that came through ``<<`` are marked ``merged``.
    """
    if mapping.simple:
        return mapping.entries
    keys = {entry.key.text for entry in mapping.entries}
    if len(keys) == len(mapping.entries) and "<<" not in keys:
        return mapping.entries
    found: dict[str, Entry] = {}
    _collect(mapping, found, {id(mapping)}, merged=False)
    return list(found.values())


def _collect(mapping: MappingNode, found: dict[str, Entry], seen: set[int], *, merged: bool) -> None:
    """Add what ``mapping`` contributes to ``found``; one seen before has nothing new, which keeps merges linear."""
    own: dict[str, Entry] = {}
    merges: list[Node] = []
    for entry in mapping.entries:
        if is_merge_key(entry.key):
            merges.append(entry.value)
        else:
            own[entry.key.text] = entry
    for name, entry in own.items():
        if name not in found:
            found[name] = Entry(entry.key, entry.value, merged=True) if merged else entry
    for value in merges:
        target = resolve(value)
        sources = target.items if isinstance(target, SequenceNode) else [value]
        for each in sources:
            source = resolve(each)
            if isinstance(source, MappingNode) and id(source) not in seen:
                seen.add(id(source))
                _collect(source, found, seen, merged=True)


def to_data(node: Node | None, *, budget: int = 100_000) -> object:
    """Return plain data: dicts with text keys (as in JSON), lists, scalars; aliases copied in full, unknown ones None.

    Raises `AliasBudgetExceeded` when that visits more than ``budget`` nodes.
    """
    if node is None:
        return None
    return _Expansion(budget).data(node, 0)


class _Expansion:
    """Counts the nodes visited while aliases are copied out."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._visited = 0

    def data(self, node: Node, depth: int) -> object:
        """Return the data of one node, ``depth`` levels below the start."""
        self._visited += 1
        if self._visited > self._budget or depth > MAX_DATA_DEPTH:
            raise AliasBudgetExceeded(f"the aliases of this config expand to more than {self._budget:,} values")
        target = resolve(node)
        if isinstance(target, MappingNode):
            return {entry.key.text: self.data(entry.value, depth + 1) for entry in entries(target)}
        if isinstance(target, SequenceNode):
            return [self.data(item, depth + 1) for item in target.items]
        return None if target is None else target.value


def _placed(problems: ProblemList, file: str, text: str = "") -> list[Problem]:
    """Return the problems in the order of the text, each within it: a guess of what is missing may end past a line."""
    if not problems.problems:
        return []
    lines = split_lines(text)
    return [
        replace(problem, span=Span(_within(problem.span.start, lines), _within(problem.span.end, lines)), file=file)
        for problem in problems.sorted()
    ]


def _within(place: Position, lines: Sequence[str]) -> Position:
    line = min(place.line, len(lines) - 1)
    return Position(line, min(place.column, len(lines[line])))
