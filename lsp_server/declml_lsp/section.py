"""One top-level section of a config as plain data, read without parsing the rest: asked for at every stroke."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from declml_lsp.snapshot import Snapshot
from declml_schema.document import AliasBudgetExceeded, entries, parse, resolve, to_data
from declml_schema.tree import MappingNode, Node

_BUDGET = 10_000
_NEEDS_MORE = re.compile(r"[*&]|<<")
"""An alias or a merge stands for something elsewhere in the text."""
_OTHER_ROOTS = "{<?&!%"


def section(snapshot: Snapshot, name: str) -> Any:
    """Return what stands under a top-level key, None where there is none; not to be changed by the caller."""
    if name not in snapshot.sections:  # two threads may both read it, and read the same
        snapshot.sections[name] = _section(snapshot, name)
    return snapshot.sections[name]


def _section(snapshot: Snapshot, name: str) -> Any:
    if not _may_be_there(snapshot.config, name):
        return None
    found = _slice(snapshot.lines, name)
    if found is not None and not _NEEDS_MORE.search(found):
        return _read(found, name)
    if found is not None or any(line[:1] in _OTHER_ROOTS for line in snapshot.lines if line):
        return _value(snapshot.root, name)
    return None


def _may_be_there(text: str, name: str) -> bool:
    """Return whether it is worth looking at every line; nearly always it is not, and this is asked at every stroke."""
    if name not in text or not _key(name).search(text):
        return False
    return (
        "\r" in text
        or text[:1] in _OTHER_ROOTS
        or text.lstrip("\"'").startswith(name)
        or bool(_start(name).search(text))
    )


@lru_cache(maxsize=16)
def _key(name: str) -> re.Pattern[str]:
    return re.compile(rf"{name}[\"']?\s*:")


@lru_cache(maxsize=16)
def _start(name: str) -> re.Pattern[str]:
    return re.compile(rf"\n(?:[{_OTHER_ROOTS}]|[\"']?{name})")


def _slice(lines: list[str], name: str) -> str | None:
    """Return the lines of a block-style section; of several the last, which is the one in force."""
    key = re.compile(rf"(?:{name}|\"{name}\"|'{name}')[ \t]*:(?:[ \t]|$)")
    marks = (name[0], '"', "'")
    starts = [index for index, line in enumerate(lines) if line.startswith(marks) and key.match(line)]
    if not starts:
        return None
    end = starts[-1] + 1
    while end < len(lines) and not _begins_another(lines[end]):
        end += 1
    return "\n".join(lines[starts[-1] : end])


def _begins_another(line: str) -> bool:
    if not line or line[0] in " \t#":
        return False
    return not (line.startswith("- ") or line == "-")


@lru_cache(maxsize=128)
def _read(text: str, name: str) -> Any:
    return _value(parse(text).root, name)


def _value(root: Node | None, name: str) -> Any:
    target = resolve(root) if root is not None else None
    if not isinstance(target, MappingNode):
        return None
    for entry in entries(target):
        if entry.key.text == name:
            try:
                return to_data(entry.value, budget=_BUDGET)
            except AliasBudgetExceeded:
                return None
    return None
