"""From a `Parameters` class to the leaves that the vocabulary keeps: plain JSON Schema with nothing to look up.

Pydantic writes optional values as ``anyOf`` with null, constants apart from choices, nested classes as references
and some bounds under names of its own. Here each parameter becomes one leaf in one form, so that its readers stay
small.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from declml_schema.declare import Parameters

Leaf: TypeAlias = dict[str, Any]

_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_NUMERIC = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_TEXTUAL = {"minLength": ("minLength", "minItems"), "maxLength": ("maxLength", "maxItems")}


def declared_leaves(model: type[Parameters]) -> tuple[dict[str, Leaf], list[str]]:
    """Return the leaves of a declaration by name, in the order of their declaration, and the names that must be given.

    Raises `ValueError` where a parameter has no sentence.
    """
    schema = model.model_json_schema()
    definitions: Mapping[str, Leaf] = schema.get("$defs", {})
    leaves: dict[str, Leaf] = {}
    for name, raw in schema.get("properties", {}).items():
        leaf = _normal(raw, definitions)
        if not leaf.get("description"):
            raise ValueError(f"{model.__qualname__}.{name} must have a sentence that says what it does")
        leaves[name] = leaf
    return leaves, list(schema.get("required", []))


def _normal(raw: Mapping[str, Any], definitions: Mapping[str, Leaf]) -> Leaf:
    """Return a schema without references, titles, constants and nested alternatives."""
    leaf = dict(raw)
    reference = leaf.pop("$ref", None)
    if reference is not None:
        leaf = {**definitions[reference.rpartition("/")[2]], **leaf}
    leaf.pop("title", None)
    for own, standard in _BOUNDS.items():
        if own in leaf:
            leaf[standard] = leaf.pop(own)
    if "const" in leaf:
        leaf["enum"] = [leaf.pop("const")]
    if "enum" in leaf:
        leaf.pop("type", None)
    _normalise_inside(leaf, definitions)
    if "anyOf" in leaf:
        leaf = _with_alternatives(leaf, definitions)
    if "default" in leaf:
        leaf["default"] = _typed_default(leaf, leaf["default"])
    return leaf


def _normalise_inside(leaf: Leaf, definitions: Mapping[str, Leaf]) -> None:
    for key in ("items", "additionalProperties"):
        if isinstance(leaf.get(key), Mapping):
            leaf[key] = _normal(leaf[key], definitions)
    if "prefixItems" in leaf:
        leaf["prefixItems"] = [_normal(each, definitions) for each in leaf["prefixItems"]]
    if "properties" in leaf:
        leaf["properties"] = {name: _normal(each, definitions) for name, each in leaf["properties"].items()}
        leaf["additionalProperties"] = False
    if leaf.get("type") == "object" and leaf.get("additionalProperties") is True:
        del leaf["additionalProperties"]


def _with_alternatives(leaf: Leaf, definitions: Mapping[str, Leaf]) -> Leaf:
    outer = {key: value for key, value in leaf.items() if key != "anyOf"}
    shared = {key: outer.pop(key) for key in [*outer] if key in _NUMERIC or key in _TEXTUAL}
    branches: list[Leaf] = []
    for raw in leaf["anyOf"]:
        branch = _normal({**raw, **shared} if "anyOf" in raw else raw, definitions)
        # A class brings its docstring; the parameter's own sentence is the one for users.
        branch.pop("description", None)
        branches += branch.get("anyOf", [branch])
    for branch in branches:
        _take_bounds(branch, shared)
    nullable = any(branch.get("type") == "null" for branch in branches)
    others = [branch for branch in branches if branch.get("type") != "null"]
    if len(others) == 1 and nullable:
        return {**_nullable(others[0]), **outer}
    if nullable:
        others.append({"type": "null"})
    return {"anyOf": others, **outer}


def _take_bounds(branch: Leaf, shared: Mapping[str, Any]) -> None:
    kind = branch.get("type")
    for key, value in shared.items():
        if key in _NUMERIC and kind in ("integer", "number"):
            branch.setdefault(key, value)
        elif key in _TEXTUAL:
            for_text, for_lists = _TEXTUAL[key]
            if kind == "string":
                branch.setdefault(for_text, value)
            elif kind == "array":
                branch.setdefault(for_lists, value)


def _nullable(branch: Leaf) -> Leaf:
    if "enum" in branch:
        return {**branch, "enum": [*branch["enum"], None]}
    if "type" not in branch:
        return branch
    return {**branch, "type": [branch["type"], "null"]}


def _typed_default(leaf: Leaf, default: Any) -> Any:
    """Return a default in the type of its leaf, so that `0` and `0.0` never make two identities of one plan."""
    if isinstance(default, bool) or default is None:
        return default
    kinds = leaf.get("type", [])
    if isinstance(default, int) and ("number" in kinds if isinstance(kinds, list) else kinds == "number"):
        return float(default)
    if isinstance(default, list):
        if "prefixItems" in leaf:
            return [_typed_default(item, each) for item, each in zip(leaf["prefixItems"], default, strict=True)]
        if isinstance(leaf.get("items"), Mapping):
            return [_typed_default(leaf["items"], each) for each in default]
    if isinstance(default, Mapping) and "properties" in leaf:
        return {name: _typed_default(leaf["properties"][name], each) for name, each in default.items()}
    return default
