"""From a config path to its place in the text: ``input_features[age].encoder.type`` or ``trainer.epochs``."""

from __future__ import annotations

import re

from declml_schema.document import entries, resolve
from declml_schema.problems import START_OF_TEXT, Span
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode

# A name in brackets may have brackets of its own: input_features[size [cm]].type.
_STEP = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]|([^.\[\]]+)")
_EMPTY_STEP = re.compile(r"(^|\.)\s*(\.|$)")


def path_steps(path: str) -> list[str]:
    """Return the steps of a path; an item of a list is its number or, for features, its name."""
    return [item or key for item, key in _STEP.findall(path)]


def is_path(path: str) -> bool:
    """Return whether every step of a path has a name: ``trainer..epochs`` has one without."""
    return _EMPTY_STEP.search(_STEP.sub("x", path)) is None and all(map(str.strip, path_steps(path)))


def span_of(root: Node | None, path: str) -> Span:
    """Return the place of what ``path`` names: the key for an entry, the name's value for a feature.

    Where a step is not in the text (a default, say), the place is that of the last step that is.
    """
    place = START_OF_TEXT
    node = root
    for step in path_steps(path):
        here = resolve(node) if node is not None else None
        if isinstance(here, MappingNode):
            found = next((entry for entry in entries(here) if entry.key.text == step), None)
            if found is None:
                break
            place, node = found.key.span, found.value
        elif isinstance(here, SequenceNode):
            item = item_at(here, step)
            if item is None:
                break
            place, node = _label(item), item
        else:
            break
    return place


def entry_at(root: Node | None, path: str) -> Entry | None:
    """Return the entry that ``path`` names where the text has it, aliases and merges followed; else None."""
    node, found = root, None
    for step in path_steps(path):
        here = resolve(node) if node is not None else None
        found = None
        if isinstance(here, MappingNode):
            found = next((entry for entry in entries(here) if entry.key.text == step), None)
            node = found.value if found is not None else None
        elif isinstance(here, SequenceNode):
            node = item_at(here, step)
        if node is None:
            return None
    return found


def item_at(sequence: SequenceNode, step: str) -> Node | None:
    """Return the item that a step names, a feature by its name and any item by its number; None where there is none."""
    for item in sequence.items:
        name = _name(item)
        if name is not None and str(name.value) == step:
            return item
    if step.isdecimal() and int(step) < len(sequence.items):
        return sequence.items[int(step)]
    return None


def _name(item: Node) -> Scalar | None:
    here = resolve(item)
    if not isinstance(here, MappingNode):
        return None
    for entry in entries(here):
        if entry.key.text == "name":
            value = resolve(entry.value)
            return value if isinstance(value, Scalar) else None
    return None


def _label(item: Node) -> Span:
    name = _name(item)
    return name.span if name is not None else item.span
