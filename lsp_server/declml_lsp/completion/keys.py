"""The keys that a mapping may have: those of the component that is chosen, without those that are there already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from declml_lsp.completion.offer import Kind, Offer, Rank, Shape
from declml_lsp.completion.outline import outline
from declml_lsp.completion.place import Place, nearest_type
from declml_lsp.completion.wording import brief, parameter_doc
from declml_lsp.levels import Level
from declml_lsp.meaning import MappingMeaning
from declml_lsp.quoting import as_scalar
from declml_schema.leaf import leaf_types
from declml_schema.scalars import resolve_plain

Schema = Mapping[str, Any]

_SCALARS = frozenset({"string", "integer", "number", "boolean"})


def key_offers(place: Place, meaning: MappingMeaning, shape: Shape, level: Level | None = None) -> list[Offer]:
    """Return the keys of a mapping that may be typed; ``level`` tells what the mapping has, None for a new one."""
    here = level or Level()
    if "*" in meaning.properties:
        return _free_keys(place, meaning, shape, here)
    favoured = _favoured(place, meaning, here)
    answer: list[Offer] = []
    for name, schema in meaning.properties.items():
        if name in here.keys:
            continue
        note = _idle(meaning, name, here)
        rank = _rank(meaning, name, schema)
        said = brief(schema)
        if favoured is not None and name not in favoured:
            rank, said = Rank.SELDOM, f"of {_owners(place, meaning, name)}"
        elif note and rank is not Rank.REQUIRED:
            rank = Rank.SELDOM
        answer.append(
            Offer(
                name,
                (_written(place, name, schema, shape),),
                shape,
                Kind.Struct if is_collection(schema) else Kind.Property,
                rank,
                said,
                partial(parameter_doc, schema, note=note),
                deprecated=bool(schema.get("deprecated")),
                again=not is_collection(schema) or shape.flow,
                quotable=True,
            )
        )
    return answer


def _rank(meaning: MappingMeaning, name: str, schema: Schema) -> Rank:
    if schema.get("deprecated"):
        return Rank.DEPRECATED
    if name in meaning.required:
        return Rank.REQUIRED
    return Rank.COMMON if schema.get("x-common") else Rank.REST


def _favoured(place: Place, meaning: MappingMeaning, level: Level) -> Collection[str] | None:
    """Return the parameters of what a misspelt type most likely means; None where the type is right or not given."""
    written = level.type()
    if not written or not (meaning.kind or meaning.side) or meaning.word is not None:
        return None
    meant = nearest_type(place.words, meaning, written)
    if meant is None:
        return None
    if not meaning.kind:
        return place.words.feature_block(meaning.side, meant).properties
    return ("type", *place.words.parameters(meaning.kind, meant, meaning.feature))


def _owners(place: Place, meaning: MappingMeaning, name: str) -> str:
    if meaning.kind:
        names = place.words.owners(meaning.kind, name, meaning.feature)
    else:
        names = [each.name for each in place.words.words(meaning.side) if name in each.properties]
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _idle(meaning: MappingMeaning, name: str, level: Level) -> str:
    """Return why a parameter would do nothing beside what is written, an empty text where it would do something."""
    for rule in meaning.rules:
        other: str = rule.get("other", "")
        if rule["kind"] == "exclusive" and name in (rule["parameter"], other):
            beside: str = other if name == rule["parameter"] else rule["parameter"]
            if beside in level.keys:
                return f"`{beside}` is given, and only one of the two may be."
        if rule["kind"] == "ignored-unless" and rule["parameter"] == name and _is_idle(meaning, rule, level):
            return rule.get("doc") or f"Does nothing with `{other}` as it is."
    return ""


def _is_idle(meaning: MappingMeaning, rule: Schema, level: Level) -> bool:
    other: str = rule["other"]
    if rule.get("or_given") in level.keys:
        return False
    if other in level.scalars:
        value = resolve_plain(level.scalars[other])
    elif other in level.keys or other not in meaning.properties:
        return False
    else:
        value = meaning.properties[other].get("default")
    if "values" not in rule:
        return value is None
    return not any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in rule["values"])


def is_collection(schema: Schema) -> bool:
    """Return whether a key's value is usually written on the lines below it."""
    branches = schema.get("anyOf", (schema,))
    if "x-choice" in schema:
        return "object" in leaf_types(schema)
    if any("enum" in each or _SCALARS.intersection(leaf_types(each)) for each in branches):
        return False
    lists = [each for each in branches if "array" in leaf_types(each)]
    return not lists or any("object" in leaf_types(each.get("items", {})) for each in lists)


def _written(place: Place, name: str, schema: Schema, shape: Shape) -> str:
    if place.cursor.has_colon and not shape.opening:
        return name
    return f"{name}:" if is_collection(schema) and not shape.flow else f"{name}: "


def _free_keys(place: Place, meaning: MappingMeaning, shape: Shape, level: Level) -> list[Offer]:
    """Return the keys of a mapping whose keys are names from elsewhere: outputs, or the classes of one."""
    if meaning.section == "metrics":
        found = {each.name: f"{each.type} output".strip() for each in outline(place.snapshot).outputs if each.name}
    else:
        found = _classes(place)
    colon = "" if place.cursor.has_colon and not shape.opening else ": "
    return [
        Offer(name, (f"{as_scalar(name)}{colon}",), shape, Kind.Variable, Rank.COMMON, said, again=True, quotable=True)
        for name, said in found.items()
        if name not in level.keys
    ]


def _classes(place: Place) -> dict[str, str]:
    """Return the classes of the output that the cursor is in, with how many rows have each."""
    column = place.own_column()
    facts = next((each for each in (place.profile or {}).get("columns", ()) if each["name"] == column), None)
    return {str(value): f"{rows:,} rows" for value, rows in facts["top_values"]} if facts else {}
