"""Where in a config something stands: the collections around it, from the outside in, and the path they make.

Both readings of a text give these: the cursor's (`cursor`, from lines, for text that is being typed) and the tree's
(`nodes`). What may stand there is `meaning`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Step: TypeAlias = str | int
"""A key of a mapping, or the number of an item in a list."""


@dataclass(frozen=True, slots=True)
class Level:
    """One collection around a place. ``step`` leads to it from the collection outside; the root's is empty.

    ``keys`` are the keys that it has apart from the place's own, ``scalars`` the text of those with a plain value,
    ``aliases`` the names that stand after those with aliases (``<<: *base``). ``is_list`` is None where nothing tells;
    a list's ``keys`` are the plain values of its items before the place, as far as they were looked at.
    """

    step: Step = ""
    keys: Sequence[str] = ()
    scalars: Mapping[str, str] = field(default_factory=dict[str, str])
    is_list: bool | None = False
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def type(self) -> str | None:
        """Return what its key ``type`` says, None without one."""
        return self.scalars.get("type")


def path_of(levels: Sequence[Level], key: Step = "") -> str:
    """Return the config path of a place: ``input_features[2].encoder.dropout``."""
    answer = ""
    for step in (*(level.step for level in levels[1:]), key):
        if isinstance(step, int):
            answer += f"[{step}]"
        elif step:
            answer += f".{step}" if answer else step
    return answer


def scalar_text(written: str) -> str:
    """Return the text of a scalar that stands on one line: without quotes, anchor and tag."""
    text = written.strip()
    while text[:1] in ("&", "!"):
        text = text.partition(" ")[2].lstrip()
    if text[:1] == '"':
        inner = text[1:].removesuffix('"')
        return _unescaped(inner) if "\\" in inner else inner
    if text[:1] == "'":
        return text[1:].removesuffix("'").replace("''", "'")
    return text


def _unescaped(text: str) -> str:
    """Return a double-quoted text's content; YAML's escapes are those of JSON but for rare ones, which stay."""
    try:
        return json.loads(f'"{text}"')
    except ValueError:
        return text.replace('\\"', '"').replace("\\\\", "\\")
