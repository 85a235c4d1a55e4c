"""YAML tags (``!!int``): the seven of the core schema are honoured, all others are a problem.

Also the words for values in sentences.
"""

from __future__ import annotations

from declml_schema.problems import Edit, Fix, Problem, Span
from declml_schema.scalars import resolve_plain
from declml_schema.tree import Alias, MappingNode, Node, Scalar, SequenceNode

_CORE = "tag:yaml.org,2002:"
_SCALARS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "null": type(None)}
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "map": "a mapping",
    "seq": "a list",
}


def read_tagged(node: Scalar, place: Span) -> Problem | None:
    """Set the value of a tagged scalar; return the problem of a tag that is unknown or does not fit.

    ``place`` is where the tag stands.
    """
    name = _name_of(node.tag)
    value = resolve_plain(node.text)
    if name == "str":
        node.value = node.text
    elif name in _SCALARS:
        node.value = float(value) if name == "float" and type(value) is int else value
        if type(node.value) is not _SCALARS[name]:
            return _mismatch(name, f"'{shorten(node.text)}'", node.span)
    elif name in _WORDS:
        return _mismatch(name, f"'{shorten(node.text)}'", place)
    else:
        node.value = value if node.style is None else node.text
        return _unsupported(node.tag or "", place)
    return None


def check_tag(node: MappingNode | SequenceNode, place: Span) -> Problem | None:
    """Return the problem of a mapping's or list's tag that is unknown or does not fit. ``place`` is the tag's."""
    name, own = _name_of(node.tag), "map" if isinstance(node, MappingNode) else "seq"
    if name == own or node.tag == "!":
        return None
    return _mismatch(name, kind_of(node), place) if name in _WORDS else _unsupported(node.tag or "", place)


def _name_of(tag: str | None) -> str:
    """Return the short name of a core tag, ``str`` for ``!`` (not resolved), and nothing for all others."""
    if tag is None or tag == "!":
        return "str"
    return tag.removeprefix(_CORE) if tag.startswith(_CORE) else ""


def _mismatch(name: str, got: str, place: Span) -> Problem:
    return Problem("tag-mismatch", f"A value tagged !!{name} must be {_WORDS[name]}; got {got}.", place)


def _unsupported(tag: str, place: Span) -> Problem:
    shown = shorten(tag.replace(_CORE, "!!", 1))
    message = f"A tag must be one of !!str, !!int, !!float, !!bool, !!null, !!map, !!seq; got '{shown}'."
    fix = Fix("Remove the tag", (Edit(place, ""),)) if place.start < place.end else None
    return Problem("unsupported-tag", message, place, fix=fix)


def kind_of(node: Node) -> str:
    """Return what a node is, for a sentence: ``a mapping``, ``a list``, ``nothing`` or its text in quotes."""
    if isinstance(node, Alias):
        return "an alias" if node.target is None else kind_of(node.target)
    if isinstance(node, Scalar):
        return "nothing" if node.value is None else f"'{shorten(node.text)}'"
    return "a mapping" if isinstance(node, MappingNode) else "a list"


def shorten(text: str, *, width: int = 40) -> str:
    """Return ``text`` on one line, cut to ``width`` characters, for a sentence."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "\u2026"
