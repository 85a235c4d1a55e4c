"""Values given beside the text (``--set trainer.epochs=3``): put into the tree before it is checked.

The text's own nodes are left as they are: what changes is copied. A node made here stands on line -1, which is how its
problems are told from those of the text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from declml_schema.document import entries, resolve
from declml_schema.inspection import OVERRIDES, there_is
from declml_schema.places import is_path, path_steps
from declml_schema.problems import Position, Problem
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode

OUTSIDE = Position(-1, 0)
"""The place of a node that is in no text."""


def apply_overrides(root: MappingNode, pairs: Sequence[tuple[str, object]]) -> tuple[MappingNode, list[Problem]]:
    """Return the tree with every value put at its path, and a problem for every path that leads nowhere.

    A path is dotted; an item of a list is its index in brackets or, for features, its name:
    ``input_features.title.encoder.type``. A mapping on the way is made where there is none; an item of a list is
    not.
    """
    problems: list[Problem] = []
    for path, value in pairs:
        steps = path_steps(path)
        if not is_path(path):
            problems.append(
                Problem("override-path", f"An override must name a config path; got '{path}'.", file=OVERRIDES)
            )
            continue
        changed = _put(root, steps, value, path, problems)
        root = changed if isinstance(changed, MappingNode) else root
    return root, problems


def _put(node: Node | None, steps: Sequence[str], value: object, path: str, problems: list[Problem]) -> Node | None:
    """Return ``node`` with the value at ``steps`` below it; None after telling why there is no such place."""
    if not steps:
        return node_of(value)
    target = resolve(node) if node is not None else None
    if isinstance(target, SequenceNode):
        return _put_in_list(target, steps, value, path, problems)
    if isinstance(target, MappingNode):
        return _put_in_mapping(target, steps, value, path, problems)
    if target is None or target.value is None or isinstance(target.value, str):
        # `encoder: lstm` is the older spelling of a mapping with that type: an override inside must not lose the name.
        made = MappingNode(OUTSIDE, OUTSIDE, flow=True)
        if isinstance(target, Scalar) and isinstance(target.value, str):
            made.entries.append(Entry(_scalar("type"), target))
        return _put_in_mapping(made, steps, value, path, problems)
    problems.append(
        Problem(
            "override-path", f"{path} must lead into mappings; {steps[0]} is below a value.", path=path, file=OVERRIDES
        )
    )
    return None


def _put_in_mapping(
    target: MappingNode, steps: Sequence[str], value: object, path: str, problems: list[Problem]
) -> Node | None:
    copy = MappingNode(target.start, target.end, flow=target.flow)
    found = False
    for entry in entries(target):
        if entry.key.text != steps[0]:
            copy.entries.append(entry)
            continue
        found = True
        changed = _put(entry.value, steps[1:], value, path, problems)
        if changed is None:
            return None
        # An unknown name that is overridden is the override's mistake only where the text does not have it.
        copy.entries.append(Entry(entry.key, changed))
    if not found:
        changed = _put(None, steps[1:], value, path, problems)
        if changed is None:
            return None
        copy.entries.append(Entry(_scalar(steps[0]), changed))
    return copy


def _put_in_list(
    target: SequenceNode, steps: Sequence[str], value: object, path: str, problems: list[Problem]
) -> Node | None:
    index = _index(target, steps[0])
    if index is None:
        names = [name for name in map(_name, target.items) if name]
        hint = there_is(names) if names else f"There are {len(target.items)} items, counted from 0."
        message = f"{path} must name an item that is there; got '{steps[0]}'."
        problems.append(Problem("override-path", message, path=path, hint=hint, file=OVERRIDES))
        return None
    changed = _put(target.items[index], steps[1:], value, path, problems)
    if changed is None:
        return None
    copy = SequenceNode(target.start, target.end, flow=target.flow)
    copy.items = [changed if place == index else item for place, item in enumerate(target.items)]
    return copy


def _index(target: SequenceNode, step: str) -> int | None:
    for index, item in enumerate(target.items):
        if _name(item) == step:
            return index
    return int(step) if step.isdecimal() and int(step) < len(target.items) else None


def _name(item: Node) -> str | None:
    mapping = resolve(item)
    if not isinstance(mapping, MappingNode):
        return None
    for entry in entries(mapping):
        if entry.key.text == "name":
            value = resolve(entry.value)
            return value.text if isinstance(value, Scalar) else None
    return None


def node_of(value: object) -> Node:
    """Return the tree of plain data, outside of any text. What JSON cannot say becomes text."""
    if isinstance(value, Mapping):
        mapping = MappingNode(OUTSIDE, OUTSIDE, flow=True)
        mapping.entries = [Entry(_scalar(str(key)), node_of(each)) for key, each in value.items()]
        return mapping
    if isinstance(value, list | tuple):
        sequence = SequenceNode(OUTSIDE, OUTSIDE, flow=True)
        sequence.items = [node_of(each) for each in value]
        return sequence
    if value is None or isinstance(value, bool | int | float | str):
        return _scalar(value)
    return _scalar(str(value))


def _scalar(value: str | float | bool | None) -> Scalar:  # noqa: FBT001 - any scalar of YAML, booleans included
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        text = ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return Scalar(text, value, '"' if isinstance(value, str) else None, OUTSIDE, OUTSIDE)
