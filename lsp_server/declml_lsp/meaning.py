"""What may stand at a place of a config: the keys of a mapping, the items of a list, the values of a parameter.

The walk goes from the root inwards along `Level`s, choosing by ``type`` on the way, as the checker does with a whole
tree; here a level is enough, so that it also answers inside text that no parser takes. All words come from the
vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from declml_lsp.levels import Level
from declml_schema.leaf import leaf_types
from declml_schema.vocabulary import Block, Vocabulary, Word

Schema: TypeAlias = Mapping[str, Any]
TypeDefaults: TypeAlias = Callable[[str, str], str | None]

SECTIONS = ("trainer", "preprocessing", "data", "evaluation", "kernel", "backend")
_PARTS = {"input": ("encoder",), "output": ("decoder", "loss")}
_TYPE_SENTENCES = {
    "input": "What the column holds; it decides which preprocessing and encoders there are.",
    "output": "What is predicted; it decides which decoders, losses and metrics there are.",
}


@dataclass(frozen=True, slots=True)
class MappingMeaning:
    """A mapping with known keys. ``what`` names it for a sentence, such as ``the encoder 'lstm'``.

    ``kind`` is the kind of component that its key ``type`` chooses, ``word`` the one chosen (or the default one),
    ``feature`` the feature type it serves, ``side`` is ``input`` or ``output`` inside a feature. ``section`` is the
    name of a fixed section, or ``feature``, ``defaults``, ``type_defaults``, ``scheduler``; empty elsewhere.
    ``rules`` are the cross-field rules among its keys. ``trainer`` is which section a config's `trainer` is.
    """

    what: str
    properties: Mapping[str, Schema]
    required: Sequence[str] = ()
    doc: str = ""
    section: str = ""
    kind: str = ""
    word: Word | None = None
    feature: str | None = None
    side: str = ""
    rules: Sequence[Schema] = ()
    trainer: str = "trainer"


@dataclass(frozen=True, slots=True)
class ListMeaning:
    """A list; ``item`` is what each of its items may be, before its own ``type`` is known."""

    item: Slot
    schema: Schema


@dataclass(frozen=True, slots=True)
class LeafMeaning:
    """A value. ``name`` is its key, ``owner`` the mapping of that key.

    ``words`` are the components that it may name (for ``type`` and the like), ``reference`` is what it names elsewhere:
    ``column``, ``input_feature``, ``output_feature``, ``metric`` or ``file``.
    """

    name: str
    schema: Schema
    owner: MappingMeaning | None = None
    words: Sequence[Word] = ()
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of which it is known what leads there, and not yet what stands in it."""

    name: str
    schema: Schema = field(default_factory=dict[str, Any])
    owner: MappingMeaning | None = None
    side: str = ""  # a feature of this side


Meaning: TypeAlias = MappingMeaning | ListMeaning | LeafMeaning


def meaning_of(
    words: Vocabulary, levels: Sequence[Level], *, type_defaults: TypeDefaults | None = None
) -> Meaning | None:
    """Return what the innermost collection of ``levels`` is, None where the path leads nowhere known.

    A `LeafMeaning` says that a plain value belongs there and no collection. ``type_defaults`` tells which component
    the section ``defaults`` chooses for a feature type and part, such as ``("text", "encoder")``.
    """
    trainer = trainer_section(words, levels[0].scalars.get("model_type") if levels else None)
    here: Meaning | None = replace(_section(words, "config", "the config"), trainer=trainer)
    for level in levels[1:]:
        here = step_into(words, here, level, type_defaults=type_defaults)
        if here is None:
            return None
    return here


def step_into(
    words: Vocabulary, outer: Meaning | None, level: Level, *, type_defaults: TypeDefaults | None = None
) -> Meaning | None:
    """Return what stands one step inside ``outer``: the walk of `meaning_of`, one level at a time."""
    slot = _slot(words, outer, level)
    return _enter(words, slot, level, type_defaults) if slot is not None else None


def value_at(words: Vocabulary, levels: Sequence[Level], key: str) -> Meaning | None:
    """Return what may stand after ``key`` in the innermost mapping: a value, or a collection's meaning."""
    return step_into(words, meaning_of(words, levels), Level(key, is_list=None))


def alternatives_in(
    words: Vocabulary, outer: Meaning | None, key: str, *, type_defaults: TypeDefaults | None = None
) -> list[Meaning]:
    """Return all that may stand after a key of ``outer``, the usual first: a value, a list, a mapping, or several."""
    slot = _slot(words, outer, Level(key))
    if slot is None:
        return []
    found: list[Meaning] = []
    for is_list in (None, True, False):
        meaning = _enter(words, slot, Level(key, is_list=is_list), type_defaults)
        if meaning is not None and not any(type(each) is type(meaning) for each in found):
            found.append(meaning)
    if len(found) > 1 and not _takes_a_scalar(slot.schema):
        found = [each for each in found if not isinstance(each, LeafMeaning)]
    return found


def _takes_a_scalar(schema: Schema) -> bool:
    """Return whether a value that is neither a list nor a mapping nor null may stand there."""
    return any(
        "enum" in branch or bool({"string", "integer", "number", "boolean"}.intersection(leaf_types(branch)))
        for branch in schema.get("anyOf", (schema,))
    )


def item_of(words: Vocabulary, outer: ListMeaning) -> Meaning | None:
    """Return what a new item of a list may be."""
    return _enter(words, outer.item, Level(0, is_list=None))


def leaf_of(mapping: MappingMeaning, key: str) -> Schema | None:
    """Return the declaration of one key, None where there is no such key."""
    return mapping.properties.get(key)


def _slot(words: Vocabulary, outer: Meaning | None, level: Level) -> Slot | None:
    if isinstance(outer, ListMeaning):
        return outer.item
    if not isinstance(outer, MappingMeaning):
        return None
    key = str(level.step)
    schema = outer.properties.get(key)
    if schema is None and "*" in outer.properties:
        schema = outer.properties["*"]
    if schema is None:
        return None
    if outer.section == "config" and key in ("input_features", "output_features"):
        return Slot(key, schema, outer, side=key.removesuffix("_features"))
    return Slot(key, schema, outer)


def _enter(words: Vocabulary, slot: Slot, level: Level, type_defaults: TypeDefaults | None = None) -> Meaning | None:
    """Return the meaning of what stands in ``slot``, given what ``level`` shows of it."""
    owner, name, schema = slot.owner, slot.name, slot.schema
    if slot.side:
        return _features(words, slot, level)
    if owner is None:
        return _plain(words, slot, level)
    if owner.section == "config" and name in SECTIONS:
        return replace(_section(words, owner.trainer if name == "trainer" else name, name), section=name)
    if owner.section == "config" and name == "defaults":
        return _defaults(words)
    if owner.section == "defaults":
        return _type_defaults(words, name)
    if name == "preprocessing" and owner.section in ("feature", "type_defaults"):
        return _preprocessing(words, owner)
    if name == "learning_rate_scheduler":
        return _scheduler(words, schema, level)
    if name == "decay" and owner.section == "scheduler":
        return LeafMeaning(name, schema, owner, words.words("schedule"))
    if "x-choice" in schema:
        return _choice(words, slot, level, type_defaults)
    if name == "type" and (owner.kind or owner.section == "feature"):
        kind = owner.side if owner.section == "feature" else owner.kind
        feature = None if owner.section == "feature" else owner.feature
        return LeafMeaning(name, schema, owner, words.words(kind, feature))
    return _plain(words, slot, level)


def _plain(words: Vocabulary, slot: Slot, level: Level) -> Meaning:
    """Return the meaning of a value that its JSON Schema alone describes."""
    schema, name = slot.schema, slot.name
    branches = schema.get("anyOf", (schema,))
    nested = next((each for each in branches if "properties" in each), None)
    if nested is not None and (level.is_list is False or (level.is_list is None and not _takes_a_scalar(schema))):
        return MappingMeaning(name, nested["properties"], doc=schema.get("description", ""))
    mapped = next((each for each in branches if isinstance(each.get("additionalProperties"), Mapping)), None)
    if mapped is not None and level.is_list is False:
        inner = _with_reference(mapped["additionalProperties"], name, slot.owner)
        return MappingMeaning(name, {"*": inner}, doc=schema.get("description", ""), section=name)
    listed = next((each for each in branches if isinstance(each.get("items"), Mapping)), None)
    if listed is not None and (level.is_list or (level.is_list is None and len(branches) == 1)):
        item = _with_reference(listed["items"], name, slot.owner, schema.get("x-reference"))
        return ListMeaning(Slot(name, item), schema)
    return LeafMeaning(name, schema, slot.owner, reference=_reference(schema, name, slot.owner))


def _with_reference(schema: Schema, name: str, owner: MappingMeaning | None, known: str | None = None) -> Schema:
    found = schema.get("x-reference") or known or _reference(schema, name, owner)
    return {**schema, "x-reference": found} if found else schema


def _reference(schema: Schema, name: str, owner: MappingMeaning | None) -> str:
    if "x-reference" in schema:
        return schema["x-reference"]
    if owner is None:
        return ""
    if owner.section == "feature" and name == "name":
        return "column"  # a feature is called like its column unless it says otherwise
    return "metric" if name == "metrics" and owner.section == "evaluation" else ""


def trainer_section(words: Vocabulary, model_type: str | None) -> str:
    """Return the section of the vocabulary that `trainer` is for a model type, as far as that is written."""
    return words.section("config").facts["trainers"].get(model_type, "trainer")


def _section(words: Vocabulary, name: str, what: str) -> MappingMeaning:
    word = words.section(name)
    return MappingMeaning(what, word.properties, word.required, word.doc, section=name, word=word, rules=word.rules)


def _features(words: Vocabulary, slot: Slot, level: Level) -> Meaning:
    if isinstance(level.step, str):
        return ListMeaning(Slot(slot.name, {"type": "object"}, slot.owner, side=slot.side), slot.schema)
    side = slot.side
    written = level.type()
    word = words.find(side, written) if written else None
    block = words.feature_block(side, word.name if word is not None else None)
    what = f"the {word.name} {side} feature" if word is not None else f"the {side} feature"
    sentence = words.section(f"{side}_feature").doc
    properties = {**block.properties, "type": {**block.properties["type"], "description": _TYPE_SENTENCES[side]}}
    return MappingMeaning(
        what,
        properties,
        block.required,
        f"{sentence} {word.doc}" if word is not None else sentence,
        section="feature",
        word=word,
        feature=word.name if word is not None else None,
        side=side,
        rules=word.rules if word is not None else (),
    )


def _choice(words: Vocabulary, slot: Slot, level: Level, type_defaults: TypeDefaults | None) -> MappingMeaning:
    owner, kind = slot.owner, slot.schema["x-choice"]
    assert owner is not None  # a choice is a key of something
    feature = slot.schema.get("x-feature", owner.feature)
    serving = [word for word in words.words(kind) if feature is None or _serves(word, feature)]
    written = level.type()
    default = _default_of(owner, kind)
    untyped = (owner.word.facts.get(f"untyped_{kind}") if owner.word is not None else None) or default
    if owner.section == "feature" and owner.feature is not None and type_defaults is not None:
        chosen = type_defaults(owner.feature, kind)
        default, untyped = chosen or default, chosen or untyped
    word = next((each for each in serving if each.name == (written or untyped)), None)
    # The type may be the alias or merge of something, it may be typed later, and so may be that of the feature.
    is_open = "<<" in level.keys or "type" in level.keys or (owner.feature is None and owner.section == "feature")
    if not written and is_open:
        word = None
    known = [word] if word is not None else serving
    properties = {"type": _type_leaf(kind, serving, default), **_union(known)}
    return MappingMeaning(
        f"the {kind} '{word.name}'" if word is not None else f"the {kind}",
        properties,
        (*(() if default else ("type",)), *(word.required if word is not None else ())),
        word.doc if word is not None else slot.schema.get("description", ""),
        kind=kind,
        word=word,
        feature=feature,
        side=owner.side,
        rules=word.rules if word is not None else (),
    )


def _serves(word: Word, feature: str) -> bool:
    return not word.features or feature in word.features


def _union(words: Sequence[Word]) -> dict[str, Schema]:
    answer: dict[str, Schema] = {}
    for word in words:
        for name, schema in word.properties.items():
            answer.setdefault(name, schema)
    return answer


def _default_of(owner: MappingMeaning, kind: str) -> str | None:
    if owner.word is None:
        return None
    return owner.word.facts.get(f"default_{kind}") or owner.word.facts.get("default_types", {}).get(kind)


def _type_leaf(kind: str, serving: Sequence[Word], default: str | None) -> Schema:
    names = list(dict.fromkeys(word.name for word in serving))
    leaf: dict[str, Any] = {"enum": names, "description": f"Which {kind} it is.", "x-common": True}
    if default is not None:
        leaf["default"] = default
    return leaf


def _defaults(words: Vocabulary) -> MappingMeaning:
    types = {word.name: word.doc for side in ("output", "input") for word in words.words(side)}
    properties = {
        name: {"type": "object", "description": f"Values for every {name} feature. {doc}"}
        for name, doc in sorted(types.items())
    }
    return MappingMeaning("defaults", properties, doc=_described(words, "defaults"), section="defaults")


def _described(words: Vocabulary, key: str) -> str:
    return words.section("config").properties[key].get("description", "")


def _type_defaults(words: Vocabulary, feature: str) -> MappingMeaning:
    properties: dict[str, Schema] = {}
    facts: dict[str, Any] = {}
    for side, parts in _PARTS.items():
        word = words.find(side, feature)
        if word is None:
            continue
        shared = words.section(f"{side}_feature").properties
        facts |= word.facts
        for part in ("preprocessing", *parts):
            properties[part] = shared[part]
    word = Word("type_defaults", {"name": feature, "facts": facts})
    what = f"the defaults of {feature} features"
    return MappingMeaning(what, properties, section="type_defaults", word=word, feature=feature)


def _preprocessing(words: Vocabulary, owner: MappingMeaning) -> MappingMeaning:
    sides = [owner.side] if owner.side else ["input", "output"]
    if owner.feature is None:
        known = [word for side in sides for word in words.words(side)]
    else:
        known = [word for side in sides if (word := words.find(side, owner.feature)) is not None]
    blocks: list[Block] = [word.preprocessing for word in known]
    properties = {name: schema for block in reversed(blocks) for name, schema in block.properties.items()}
    what = f"the preprocessing of a {owner.feature} feature" if owner.feature else "the preprocessing of a feature"
    return MappingMeaning(
        what,
        properties,
        doc="How the column becomes numbers.",
        section="feature_preprocessing",
        feature=owner.feature,
        side=owner.side,
        rules=blocks[0].rules if len(blocks) == 1 else (),
    )


def _scheduler(words: Vocabulary, schema: Schema, level: Level) -> MappingMeaning:
    own: Mapping[str, Schema] = schema["properties"]
    written = level.scalars.get("decay")
    word = words.find("schedule", written) if written else None
    known = [word] if word is not None else words.words("schedule") if "<<" in level.keys else []
    return MappingMeaning(
        "learning_rate_scheduler",
        {**own, **_union(known)},
        doc=schema.get("description", ""),
        section="scheduler",
        kind="schedule",
        word=word,
        rules=word.rules if word is not None else (),
    )
