"""The features of a config, read from the lines of their two lists alone: names, types and columns.

Half-typed text elsewhere does not matter, and most of the text is not looked at. Between two strokes nearly all
features stay as they were: what was read of each is remembered by its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from declml_lsp.blocks import without_comment
from declml_lsp.completion.anchored import with_aliases
from declml_lsp.levels import Level, scalar_text
from declml_lsp.snapshot import Snapshot
from declml_schema.document import entries, parse, resolve
from declml_schema.tree import MappingNode, Node, Scalar, SequenceNode

SIDES = ("input", "output")

_NEXT_KEY = re.compile(r"\n(?![ \t\n#]|-[ \n])")
_FIRST_DASH = re.compile(r"\n( *)-[ \t\n]")
_FLOW_KEY = re.compile(
    r"""[{,]\s*(?P<quote>["']?)(?P<key>name|type|column|<<)(?P=quote)\s*:\s*(?P<value>"[^"]*"|'[^']*'|[^,{}\[\]]*)"""
)
_INNER = re.compile(r"(?<!^)[\[{][^\[\]{}]*[\]}]")
_ALIAS = re.compile(r"\*([^\s,\]]+)")


class Sketch(NamedTuple):
    """A feature as far as its own lines tell it; what they do not tell is empty, ``column`` is the name then."""

    name: str = ""
    type: str = ""
    column: str = ""


class Outline(NamedTuple):
    """The features of a config in their order, those without a name too."""

    inputs: Sequence[Sketch]
    outputs: Sequence[Sketch]

    def named(self) -> Iterator[Sketch]:
        """Yield the features that have a name."""
        return (each for side in self for each in side if each.name)


def outline(snapshot: Snapshot) -> Outline:
    """Return the features of a config."""
    text = snapshot.config if "\r" not in snapshot.config else "\n".join(snapshot.lines)
    regions = [_region(text, f"{side}_features") for side in SIDES]
    if not any(regions) and text.lstrip()[:1] == "{":
        return _of_tree(snapshot)  # JSON: one collection in flow style, which has no lines to go by
    return Outline(*(_sketches(snapshot.lines, region) if region else () for region in regions))


def _sketches(lines: Sequence[str], region: str) -> Sequence[Sketch]:
    first = _FIRST_DASH.search(region)
    if first is None:
        return _of_flow(region)
    indent = first[1]
    dash_end = len(indent) + 1
    found = [_sketch(chunk, dash_end) for chunk in region.split(f"\n{indent}-")[1:]]
    if "<<" in region:
        return [_with_merge(lines, each) if each.type[:1] == "*" else each for each in found]
    return found


def _with_merge(lines: Sequence[str], sketch: Sketch) -> Sketch:
    level = Level(aliases={"<<": _ALIAS.findall(sketch.type)})
    return sketch._replace(type=with_aliases(lines, len(lines), [level])[0].type() or "")


def _region(text: str, key: str) -> str | None:
    """Return the lines of a top-level section, None where there is none."""
    for written in (key, f'"{key}"', f"'{key}'"):
        start = 0 if text.startswith(written) else text.find(f"\n{written}") + 1
        if start or text.startswith(written):
            end = _NEXT_KEY.search(text, start)
            return text[start : end.start()] if end is not None else text[start:]
    return None


@lru_cache(maxsize=8192)
def _sketch(chunk: str, dash_end: int) -> Sketch:
    """Return one feature from the text after its dash; where a merge may bring its type, that is ``*name``."""
    content = chunk.lstrip(" ")
    if content[:1] == "{":
        return _of_keys(_flow_keys(content))
    column = dash_end + len(chunk) - len(content)
    if content[:1] in ("\n", "#"):
        below = content.partition("\n")[2]
        column = len(below) - len(below.lstrip(" "))
        content = "\n" + below
    else:
        content = "\n" + " " * column + content
    keys: dict[str, str] = {}
    for key, value in _deciding(column).findall(content):
        keys.setdefault(key, value if key == "<<" else _value(value))
    return _of_keys(keys)


def _of_keys(keys: Mapping[str, str]) -> Sketch:
    name = keys.get("name", "")
    return Sketch(
        name,
        keys.get("type") or " ".join(f"*{each}" for each in _ALIAS.findall(keys.get("<<", ""))),
        keys.get("column") or name,
    )


@lru_cache(maxsize=32)
def _deciding(column: int) -> re.Pattern[str]:
    return re.compile(rf"""\n {{{column}}}["']?(name|type|column|<<)["']?[ \t]*:[ \t]+(.*)""")


def _value(written: str) -> str:
    written = written.strip()
    if "#" in written or written[:1] in ("'", '"', "&", "!"):
        return scalar_text(without_comment(written))
    return "" if written[:1] in ("*", "{", "[") else written


def _flow_keys(text: str) -> dict[str, str]:
    """Return the deciding keys of a feature in flow style, those inside its collections left out."""
    previous = ""
    while text != previous:
        previous, text = text, _INNER.sub("", text)
    return {match["key"]: _value(match["value"]) for match in _FLOW_KEY.finditer(text)}


@lru_cache(maxsize=8)
def _of_flow(region: str) -> tuple[Sketch, ...]:
    """Return the features of a list in flow style, which is parsed."""
    root = parse(region).root
    return tuple(_parsed(root.entries[0].value)) if isinstance(root, MappingNode) and root.entries else ()


def _parsed(node: Node) -> Iterator[Sketch]:
    for item in node.items if isinstance(node, SequenceNode) else ():
        target = resolve(item)
        found = entries(target) if isinstance(target, MappingNode) else []
        yield _of_keys({each.key.text: each.value.text for each in found if isinstance(each.value, Scalar)})


def _of_tree(snapshot: Snapshot) -> Outline:
    root = resolve(snapshot.root) if snapshot.root is not None else None
    listed = {each.key.text: each.value for each in entries(root)} if isinstance(root, MappingNode) else {}
    nodes = [listed.get(f"{side}_features") for side in SIDES]
    return Outline(*(tuple(_parsed(node)) if node is not None else () for node in nodes))
