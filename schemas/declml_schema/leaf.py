"""A leaf of the vocabulary, ready for use: which values it takes, told in words and decided fast."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

_TEXT_LIMITS = frozenset({"minLength", "maxLength", "pattern"})
_NUMERIC = frozenset({"integer", "number"})
_LARGEST = sys.float_info.max


def leaf_types(schema: Mapping[str, Any]) -> list[str]:
    """Return the JSON types that a leaf without alternatives names; an empty list means any."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


class Miss:
    """The answer of `Leaf.quick` to a value that needs a closer look."""


MISS = Miss()


class Leaf:
    """One parameter, made so that most values cost one look.

    ``choice`` is the kind of component that stands here, ``reference`` what the value names elsewhere, if anything.
    """

    __slots__ = (
        "_any_text",
        "_high",
        "_low",
        "_numbers",
        "_plain",
        "_texts",
        "choice",
        "default",
        "has_default",
        "reference",
        "schema",
    )

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self.choice: str | None = schema.get("x-choice")
        self.reference: str | None = schema.get("x-reference")
        self.has_default = "default" in schema
        self.default: Any = schema.get("default")
        self._plain: frozenset[type] = frozenset()
        self._texts: frozenset[str] = frozenset()
        self._any_text = False  # any text but the empty one
        self._numbers: frozenset[type] = frozenset()
        self._low, self._high = -math.inf, math.inf
        if self.choice is None:
            branches = [branch for branch in schema.get("anyOf", (schema,)) if "anyOf" not in branch]
            numeric = [branch for branch in branches if _NUMERIC.intersection(leaf_types(branch))]
            if len(numeric) < 2:  # two ranges are left to the closer look
                for branch in branches:
                    self._prepare(branch)

    def _prepare(self, schema: Mapping[str, Any]) -> None:
        """Add what one alternative takes."""
        kinds = leaf_types(schema)
        if "enum" in schema:
            self._texts |= {each for each in schema["enum"] if isinstance(each, str)}
            kinds = ["null"] if None in schema["enum"] else []
        if "null" in kinds:
            self._plain |= {type(None)}
        if "boolean" in kinds:
            self._plain |= {bool}
        limits = _TEXT_LIMITS.intersection(schema)
        if "string" in kinds and not limits:
            self._plain |= {str}
        self._any_text |= "string" in kinds and limits == frozenset({"minLength"}) and schema["minLength"] == 1
        if "number" in kinds or "integer" in kinds:
            self._numbers = frozenset({int, float} if "number" in kinds else {int})
            self._low = max(
                schema.get("minimum", -_LARGEST), _next(schema.get("exclusiveMinimum"), math.inf, -_LARGEST)
            )
            self._high = min(
                schema.get("maximum", _LARGEST), _next(schema.get("exclusiveMaximum"), -math.inf, _LARGEST)
            )

    def quick(self, value: Any) -> Any:
        """Return the value in the type of the leaf if it is plainly right, else `MISS`: then look closer."""
        kind = value.__class__
        if kind in self._plain:
            return value
        if kind is str:
            return value if value in self._texts or (self._any_text and value) else MISS
        if kind in self._numbers and self._low <= value <= self._high:
            return float(value) if kind is int and float in self._numbers else value
        return MISS


def _next(bound: float | None, towards: float, otherwise: float) -> float:
    """Return the first number past an exclusive bound."""
    return otherwise if bound is None else math.nextafter(bound, towards)


def full_value(schema: Mapping[str, Any], value: Any) -> Any:
    """Return ``value`` with the defaults of every mapping inside it filled in."""
    if isinstance(value, dict):
        properties = schema.get("properties")
        for branch in schema.get("anyOf", ()):
            own = branch.get("properties")
            if own and value.get("type") in own.get("type", {}).get("enum", ()):
                properties = own
                break
            properties = properties or own
        if properties:
            filled = {name: leaf["default"] for name, leaf in properties.items() if "default" in leaf}
            return filled | {name: full_value(properties.get(name, {}), each) for name, each in value.items()}
        return value
    if isinstance(value, list):
        items = schema.get("items")
        for branch in schema.get("anyOf", ()):
            items = items or branch.get("items")
        return [full_value(items, each) for each in value] if isinstance(items, Mapping) else value
    return value


def describe(schema: Mapping[str, Any]) -> str:
    """Return what a leaf takes, to stand after "must be": ``a number >= 0 and < 1``, ``'batch', 'layer' or null``."""
    if "anyOf" in schema:
        return _either([describe(branch) for branch in schema["anyOf"]])
    if "enum" in schema:
        return _either([show(each) for each in schema["enum"]])
    return _either([_describe_type(kind, schema) for kind in leaf_types(schema)]) or "a value"


def _describe_type(kind: str, schema: Mapping[str, Any]) -> str:
    if kind in ("integer", "number"):
        word = "a whole number" if kind == "integer" else "a number"
        bounds = describe_bounds(schema)
        return f"{word} {bounds}" if bounds else word
    if kind == "array":
        return _describe_list(schema)
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"a mapping to {_plural(inner)}" if isinstance(inner, Mapping) else "a mapping"
    return {"string": "text", "boolean": "true or false", "null": "null"}[kind]


def _describe_list(schema: Mapping[str, Any]) -> str:
    items = schema.get("items") or next(iter(schema.get("prefixItems", [])), None)
    least, most = schema.get("minItems"), schema.get("maxItems")
    what = _plural(items) if isinstance(items, Mapping) else "values"
    if least is not None and least == most:
        return f"a list of {least} {what}"
    return f"a list of {what}"


def _plural(schema: Mapping[str, Any]) -> str:
    kinds = leaf_types(schema)
    if "enum" in schema:
        return f"values that are {describe(schema)}"
    words = {"integer": "whole numbers", "number": "numbers", "string": "texts", "object": "mappings", "array": "lists"}
    return words.get(kinds[0], "values") if len(kinds) == 1 else "values"


def describe_bounds(schema: Mapping[str, Any]) -> str:
    """Return the range of a number, such as ``>= 0 and < 1``; an empty text where it has none."""
    signs = (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<"))
    return " and ".join(f"{sign} {show(schema[key])}" for key, sign in signs if key in schema)


def show(value: Any) -> str:
    """Return a value as a sentence shows it: ``'text'``, ``1.2``, ``true``, ``null``, ``a list``, ``a mapping``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:57]}...'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _either(words: list[str]) -> str:
    unique = list(dict.fromkeys(word for word in words if word))
    return unique[0] if len(unique) == 1 else f"{', '.join(unique[:-1])} or {unique[-1]}" if unique else ""
