"""Input and output features, and the section ``defaults`` that fills them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from declml_schema.check_blocks import Chosen, explain_key, mapping_at, read_block, read_choice
from declml_schema.check_rules import check_rules
from declml_schema.check_values import read_value
from declml_schema.document import entries, resolve
from declml_schema.feature_reading import FeatureReading, Shape, read_alike, shape_of
from declml_schema.inspection import BAD, Inspection, Reading, listing, start_of, suggestion
from declml_schema.leaf import show
from declml_schema.planned import defaults_ask_for_nothing, planned_components, planned_preprocessing
from declml_schema.problems import Severity
from declml_schema.rewriting import text_of
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode
from declml_schema.vocabulary import Block, Word

PARTS: Mapping[str, tuple[str, ...]] = {"input": ("encoder",), "output": ("decoder", "loss")}


@dataclass(slots=True)
class TypeDefaults:
    """What ``defaults.<type>`` says; its blocks are also read by the features of that type."""

    preprocessing: Mapping[str, Any] = field(default_factory=dict[str, Any])
    parts: dict[str, Chosen] = field(default_factory=dict[str, Chosen])


NO_DEFAULTS = TypeDefaults()


def read_defaults(inspection: Inspection, node: Node | None) -> dict[str, TypeDefaults]:
    """Read the section ``defaults``: feature type -> what its features take unless they say otherwise."""
    target = mapping_at(inspection, node, "defaults")
    answer: dict[str, TypeDefaults] = {}
    for entry in entries(target) if target is not None else ():
        name = entry.key.text
        words = {side: inspection.words.find(side, name) for side in ("input", "output")}
        if any(words.values()):
            answer[name] = _read_type_defaults(inspection, name, words, entry.value)
            continue
        known = sorted({*inspection.words.names("input"), *inspection.words.names("output")})
        planned = sorted({*planned_components("input"), *planned_components("output")})
        if name in planned and defaults_ask_for_nothing(name, entry.value):
            continue
        if name in planned:
            message = f"Features of type '{name}' are known but not built yet."
            inspection.add("not-built-yet", message, entry.key.span, f"defaults.{name}")
        else:
            explain_key(inspection, entry, f"defaults.{name}", "defaults, whose keys are feature types", known, ())
    return answer


def _read_type_defaults(
    inspection: Inspection, feature: str, words: Mapping[str, Word | None], node: Node
) -> TypeDefaults:
    path = f"defaults.{feature}"
    parts = {part: side for side, word in words.items() if word is not None for part in PARTS[side]}
    answer = TypeDefaults()
    target = mapping_at(inspection, node, path)
    for entry in entries(target) if target is not None else ():
        key = entry.key.text
        if key == "preprocessing":
            # Inputs and outputs of a type share these, as far as they know the name.
            properties = {n: s for word in words.values() if word for n, s in word.preprocessing.properties.items()}
            block = Block({"properties": properties})
            answer.preprocessing = _read_preprocessing(
                inspection, feature, block, entry.value, f"{path}.preprocessing"
            ).given
        elif key in parts:
            word = words[parts[key]]
            assert word is not None  # `parts` holds only sides that exist
            default = word.facts.get(f"default_{key}")
            answer.parts[key] = read_choice(
                inspection, key, entry.value, f"{path}.{key}", default=default,
                untyped=word.facts.get(f"untyped_{key}"), feature=feature, complete=False,
            )  # fmt: skip
        else:
            known = ["preprocessing", *parts]
            explain_key(
                inspection, entry, f"{path}.{key}", path, known, ("augmentation",) if feature == "image" else ()
            )
    return answer


def read_features(
    inspection: Inspection, side: str, node: Node, defaults: Mapping[str, TypeDefaults]
) -> list[FeatureReading]:
    """Read ``input_features`` or ``output_features``; what is no list of mappings is told and left out."""
    key = f"{side}_features"
    target = resolve(node)
    if target is None:
        return []
    if not isinstance(target, SequenceNode) or not target.items:
        got = "an empty list" if isinstance(target, SequenceNode) else _shown(target)
        empty = isinstance(target, SequenceNode) or (isinstance(target, Scalar) and target.value is None)
        code = "missing-key" if empty else "wrong-type"
        inspection.add(code, f"{key} must be a list of at least one feature; got {got}.", start_of(node), key)
        return []
    answer: list[FeatureReading] = []
    known: dict[Shape, FeatureReading] = {}
    for index, item in enumerate(target.items):
        path = f"{key}[{index}]"
        mapping = resolve(item)
        if isinstance(mapping, MappingNode):
            shape = shape_of(inspection, mapping)
            like = known.get(shape) if shape is not None else None
            feature = read_alike(inspection, like, mapping, path) if like is not None else None
            if feature is None:
                told, noted = inspection.told, len(inspection.references)
                inspection.owner = path
                feature = _read_feature(inspection, side, mapping, path, defaults)
                inspection.owner = ""
                others = (each for each in inspection.references[noted:] if each.path != f"{path}.column")
                if shape is not None and inspection.told == told and not any(others):
                    known[shape] = feature
            answer.append(feature)
        elif mapping is not None:
            message = f"{path} must be a mapping with name and type; got {_shown(mapping)}."
            inspection.add("wrong-type", message, start_of(item), path)
    return answer


def _shown(node: Scalar | MappingNode | SequenceNode) -> str:
    return show(node.value) if isinstance(node, Scalar) else "a mapping" if isinstance(node, MappingNode) else "a list"


def _read_feature(
    inspection: Inspection, side: str, node: MappingNode, path: str, defaults: Mapping[str, TypeDefaults]
) -> FeatureReading:
    word = _type_of(inspection, side, node, path)
    block = inspection.words.feature_block(side, word.name if word is not None else None)

    def explain(entry: Entry) -> None:
        written = text_of(next((each.value for each in entries(node) if each.key.text == "type"), None))
        planned = planned_components(side).get(written.text if written is not None else "", ())
        what = f"a feature of type {word.name}" if word is not None else "a feature"
        explain_key(inspection, entry, f"{path}.{entry.key.text}", what, list(block.properties), planned)

    reading = read_block(inspection, block, node, path, explain=explain, own=("type", "preprocessing"))
    feature = FeatureReading(side, path, reading, word)
    if word is None:
        _check_planned_feature(inspection, side, reading, node)
        return feature
    own_defaults = defaults.get(word.name, NO_DEFAULTS)
    for part in PARTS[side]:
        if part in block.leaves:
            place = reading.places.get(part)
            feature.parts[part] = read_choice(
                inspection,
                part,
                place[1] if place is not None else None,
                f"{path}.{part}",
                default=word.facts.get(f"default_{part}"),
                untyped=word.facts.get(f"untyped_{part}"),
                feature=word.name,
                fallback=own_defaults.parts.get(part),
            )
    _read_own_preprocessing(inspection, feature, own_defaults)
    if word.rules:
        check_rules(inspection, reading)
    return feature


def _check_planned_feature(inspection: Inspection, side: str, reading: Reading, node: MappingNode) -> None:
    """Refuse misspelt names also inside a feature whose type is not built yet."""
    written = text_of(next((each.value for each in entries(node) if each.key.text == "type"), None))
    if written is None or written.text not in planned_components(side):
        return
    for name, (_, value) in reading.places.items():
        inner = resolve(value)
        if not isinstance(inner, MappingNode):
            continue
        here = f"{reading.path}.{name}"
        if name == "preprocessing":
            known = planned_preprocessing(written.text)
        elif name in PARTS[side]:
            chosen = text_of(next((each.value for each in entries(inner) if each.key.text == "type"), None))
            components = planned_components(name, written.text)
            if chosen is not None and chosen.text not in components:
                continue  # a plug-in's, or misspelt: the type above it decides first
            names = [chosen.text] if chosen is not None else list(components)
            known = ["type", *(parameter for each in names for parameter in components[each])]
        else:
            continue
        for entry in entries(inner):
            if entry.key.text not in known:
                explain_key(inspection, entry, f"{here}.{entry.key.text}", f"{name} of {written.text}", known, ())


def _type_of(inspection: Inspection, side: str, node: MappingNode, path: str) -> Word | None:
    for entry in entries(node):
        if entry.key.text != "type":
            continue
        value = resolve(entry.value)
        if value is None:
            return None
        if not isinstance(value, Scalar) or not isinstance(value.value, str):
            read_value(inspection, {"type": "string"}, entry.value, f"{path}.type")
            return None
        word = inspection.words.find(side, value.value)
        if word is None:
            _explain_type(inspection, side, value.value, entry.value, f"{path}.type")
        return word
    return None


def _explain_type(inspection: Inspection, side: str, name: str, node: Node, path: str) -> None:
    built, planned = inspection.words.names(side), list(planned_components(side))
    hint = f"The types of {side} features are {listing(built)}."
    if name in planned:
        message = f"The type '{name}' of an {side} feature is known but not built yet."
        inspection.add("not-built-yet", message, node.span, path, hint=hint)
        return
    meant, fix = suggestion(name, [*built, *planned], node.span)
    message = f"Unknown type '{name}' of an {side} feature.{meant}"
    inspection.add("unknown-type", message, node.span, path, hint=hint, fix=fix)


def _read_own_preprocessing(inspection: Inspection, feature: FeatureReading, defaults: TypeDefaults) -> None:
    word = feature.word
    assert word is not None  # only features of a known type come here
    path = f"{feature.path}.preprocessing"
    place = feature.reading.places.get("preprocessing")
    block = word.preprocessing
    reading = Reading(path, block)
    if place is not None:
        reading = _read_preprocessing(inspection, word.name, block, place[1], path)
    inherited: dict[str, Any] = {}
    if defaults.preprocessing:
        inherited = {name: value for name, value in defaults.preprocessing.items() if name in block.leaves}
    chosen = feature.parts.get("encoder")
    if chosen is not None and chosen.word is not None and "implies" in chosen.word.facts:
        reading.brought = implied = _implied(chosen, reading)
        for name, value in implied.items():
            if name in reading.given and reading.given[name] != value and reading.given[name] is not None:
                _tell_overruled(inspection, reading, name, value, chosen.word.name)
            if name in block.leaves:
                inherited[name] = value
                reading.given.pop(name, None)
    reading.inherited = inherited
    if block.rules and reading.places:
        check_rules(inspection, reading)
    feature.preprocessing = reading


def _read_preprocessing(inspection: Inspection, feature: str, block: Block, node: Node | None, path: str) -> Reading:
    def explain(entry: Entry) -> None:
        what = f"the preprocessing of a {feature} feature"
        explain_key(
            inspection, entry, f"{path}.{entry.key.text}", what, list(block.properties), planned_preprocessing(feature)
        )

    return read_block(inspection, block, node, path, explain=explain, complete=False)


def _implied(chosen: Chosen, preprocessing: Reading) -> dict[str, Any]:
    """Return the preprocessing that an encoder brings; ``$name`` stands for the encoder's own parameter.

    Where the encoder only suggests it, another word in the preprocessing counts, and a default asks for nothing.
    """
    assert chosen.word is not None
    facts = chosen.word.facts
    weak = any(chosen.reading.value(name) == value for name, value in facts.get("suggests", {}).items())
    answer: dict[str, Any] = {}
    for name, value in facts["implies"].items():
        if weak and name in preprocessing.given:
            return {}
        if isinstance(value, str) and value.startswith("$"):
            own = value[1:]
            value = chosen.reading.value(own)
            if weak and own not in chosen.reading.given:
                return {}
            if value is BAD:
                continue
        answer[name] = value
    return answer


def _tell_overruled(inspection: Inspection, reading: Reading, name: str, value: Any, encoder: str) -> None:
    key, _ = reading.places[name]
    got = show(reading.given[name])
    message = f"{name} must be {show(value)} for the encoder '{encoder}'; got {got}, which does nothing."
    inspection.add("ignored-parameter", message, key.span, f"{reading.path}.{name}", severity=Severity.WARNING)
