"""How a text is written as a YAML scalar so that it is read back as that text, by YAML 1.1 and 1.2 tools alike."""

from __future__ import annotations

import json
import re

from declml_schema.scalars import differs_from_yaml_1_1, resolve_plain

_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^\s,\[\]{}])")
_BREAKS = re.compile(r": |:$| #|[\x00-\x1f\x7f\x85\u2028\u2029]|[,\[\]{}]|^\s|\s$")


def as_scalar(text: str) -> str:
    """Return ``text`` as a scalar for any place, block or flow: plain where that is safe, else in double quotes."""
    is_plain = bool(text) and bool(_PLAIN.match(text)) and not _BREAKS.search(text)
    if is_plain and resolve_plain(text) == text and differs_from_yaml_1_1(text) is None:
        return text
    return json.dumps(text, ensure_ascii=False)
