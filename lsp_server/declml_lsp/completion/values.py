"""The values of a parameter: components, references, choices, and a few numbers that make sense."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from declml_lsp.completion.files import file_offers, is_path
from declml_lsp.completion.offer import Kind, Offer, Rank, Shape
from declml_lsp.completion.place import Place
from declml_lsp.completion.references import reference_offers
from declml_lsp.completion.wording import word_doc, yaml_text
from declml_lsp.meaning import LeafMeaning
from declml_schema.leaf import MISS, Leaf, leaf_types

Schema = Mapping[str, Any]

_IDENTITY = 2**31
"""A whole number that may be as large as this counts nothing: no other value is better than a given one."""
_BATCHES = (32, 128, 512)


def value_offers(place: Place, leaf: LeafMeaning, shape: Shape, *, before: str = "") -> list[Offer]:
    """Return what may be the value of a parameter; ``before`` is written before each, such as ``type: ``."""
    if leaf.words:
        return [*_words(place, leaf, shape, before), *_null(leaf, shape)]
    if leaf.reference == "file" or is_path(leaf):
        return [*file_offers(place, leaf, shape), *_plain_values(leaf, shape)]
    if leaf.reference:
        return [*reference_offers(place, leaf, shape), *_plain_values(leaf, shape)]
    return _plain_values(leaf, shape)


def _words(place: Place, leaf: LeafMeaning, shape: Shape, before: str) -> Iterator[Offer]:
    default = leaf.schema.get("default")
    fitting = _fitting_type(place, leaf)
    seen: set[str] = set()
    for word in sorted(leaf.words, key=lambda each: each.name):
        if word.name in seen:
            continue  # one name for several feature types
        seen.add(word.name)
        marks = ["default"] if word.name == default else []
        marks += ["fits the column"] if word.name == fitting else []
        yield Offer(
            word.name,
            (f"{before}{yaml_text(word.name)}",),
            shape,
            Kind.Class,
            Rank.COMMON if marks else Rank.REST,
            ", ".join(marks) or word.doc.rstrip("."),
            partial(word_doc, word),
            quotable=not before,
        )


def _fitting_type(place: Place, leaf: LeafMeaning) -> str | None:
    """Return the feature type that the data show for the feature whose type is typed."""
    if leaf.owner is None or leaf.owner.section != "feature" or place.profile is None:
        return None
    column = place.own_column()
    return next((each["feature_type"] for each in place.profile["columns"] if each["name"] == column), None)


def _plain_values(leaf: LeafMeaning, shape: Shape) -> list[Offer]:
    found: dict[str, Offer] = {}
    for value, said, rank in _values(leaf.schema):
        text = yaml_text(value)
        if text not in found:
            kind = Kind.EnumMember if isinstance(value, str) else Kind.Value
            found[text] = Offer(text, (text,), shape, kind, rank, said, quotable=isinstance(value, str))
    return [*found.values(), *_null(leaf, shape)]


def _values(schema: Schema) -> Iterator[tuple[Any, str, Rank]]:
    """Yield values with what to say of them, the default first."""
    default = schema.get("default")
    if default is not None and not isinstance(default, dict):
        yield default, "default", Rank.COMMON
    for branch in schema.get("anyOf", (schema,)):
        for choice in branch.get("enum", ()):
            if choice is not None:
                yield choice, "", Rank.REST
        if "boolean" in leaf_types(branch):
            yield True, "", Rank.REST
            yield False, "", Rank.REST
    for example in schema.get("examples", ()):
        yield example, "example", Rank.REST
    leaf = Leaf(schema)
    for value in _near(schema, default):
        if leaf.quick(value) is not MISS:
            yield value, "example", Rank.SELDOM


def _near(schema: Schema, default: Any) -> Iterator[float]:
    """Yield numbers that people try, as far as type, range and default tell them."""
    branch = next((each for each in schema.get("anyOf", (schema,)) if _is_number(each)), None)
    if branch is None or isinstance(default, bool) or schema.get("examples"):
        return
    is_whole = "integer" in leaf_types(branch)
    low = branch.get("minimum", branch.get("exclusiveMinimum", -math.inf))
    high = branch.get("maximum", branch.get("exclusiveMaximum", math.inf))
    if is_whole:
        if ("x-unit" in schema or schema.get("x-common")) and (high == math.inf or high < _IDENTITY):
            yield from _whole_near(default, schema.get("x-unit"))
    elif low == 0 and high == 1:
        yield from (0.1, 0.2, 0.5)
    elif isinstance(default, int | float) and low >= 0:
        yield from (default / 10, default * 10) if default else (0.0001, 0.001, 0.01)


def _whole_near(default: Any, unit: str | None) -> Iterator[int]:
    if isinstance(default, int):
        yield from (default // 2, default * 2) if default > 3 else (default + 1, default + 2)
    elif default == "auto" and unit == "rows":
        yield from _BATCHES


def _is_number(branch: Schema) -> bool:
    return not {"integer", "number"}.isdisjoint(leaf_types(branch))


def whole_lists(schema: Schema, shape: Shape) -> Iterator[Offer]:
    """Yield lists that may stand after a key as they are: the default, and examples."""
    for values, said in (
        (schema.get("default"), "default"),
        *((each, "example") for each in schema.get("examples", ())),
    ):
        if isinstance(values, list) and values:
            text = yaml_text(values)
            yield Offer(text, (text,), shape, Kind.Value, Rank.COMMON, said)


def _null(leaf: LeafMeaning, shape: Shape) -> list[Offer]:
    """Return ``null`` where it may stand and says something."""
    schema = leaf.schema
    takes = any(
        "null" in leaf_types(branch) or None in branch.get("enum", ()) for branch in schema.get("anyOf", (schema,))
    )
    if not takes or shape.opening.endswith("["):
        return []
    said = "default" if "default" in schema and schema["default"] is None else ""
    return [Offer("null", ("null",), shape, Kind.Value, Rank.SELDOM, said)]
