"""Mappings with known keys, and components chosen by name: reading them, and telling what an unknown word may mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from declml_schema.check_rules import check_rules
from declml_schema.check_values import read_value
from declml_schema.document import entries, resolve
from declml_schema.inspection import BAD, Inspection, Reading, Reference, listing, start_of, suggestion, there_is
from declml_schema.leaf import MISS, show
from declml_schema.planned import planned_components, planned_parameters, tell_planned
from declml_schema.problems import Edit, Fix, Span
from declml_schema.suggest import nearest
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode
from declml_schema.vocabulary import Block, Word

Explain = Callable[[Entry], None]
MISMATCH = {"encoder", "decoder", "loss", "metric"}
"""Kinds whose names serve some feature types only; the code of a wrong one is ``<kind>-mismatch``."""


@dataclass(slots=True)
class Chosen:
    """A component as a config chose it; ``word`` is None where its name has a problem."""

    word: Word | None
    reading: Reading


_MEANT = {"data": "source"}
"""The key that a person means who writes one value where a mapping belongs."""


def mapping_at(inspection: Inspection, node: Node | None, path: str) -> MappingNode | None:
    """Return the mapping at ``node``; None where there is none, after telling what stands there instead."""
    target = resolve(node) if node is not None else None
    if target is None or isinstance(target, MappingNode):
        return target
    if isinstance(target, Scalar) and target.value is None:
        return None  # a key with nothing after it: an empty section, or one being typed
    got = show(target.value) if isinstance(target, Scalar) else "a list"
    assert node is not None  # it resolved to something
    subject = path.rpartition(".")[2]
    key = _MEANT.get(subject)
    fix: Fix | None = None
    if key is not None and isinstance(target, Scalar) and target.style is None:
        written = f"{{{key}: {target.text}}}"
        fix = Fix(f"Write {written}", (Edit(target.span, written),))
    inspection.add("wrong-type", f"{subject} must be a mapping; got {got}.", start_of(node), path, fix=fix)
    return None


def read_block(
    inspection: Inspection,
    block: Block,
    node: Node | None,
    path: str,
    *,
    explain: Explain,
    own: Collection[str] = (),
    complete: bool = True,
) -> Reading:
    """Read a mapping with known keys. Keys in ``own`` and choices of components are only noted: the caller reads them.

    ``explain`` tells about an unknown key. Without ``complete``, nothing is missed and no rule is checked (as in
    ``defaults``).
    """
    reading = Reading(path, block)
    target = node if isinstance(node, MappingNode) else mapping_at(inspection, node, path)
    leaves = block.leaves
    given, places = reading.given, reading.places
    for entry in entries(target) if target is not None else ():
        name = entry.key.text
        value_node = entry.value
        leaf = leaves.get(name)
        if leaf is None:
            if name in own:
                places[name] = (entry.key, value_node)
            else:
                explain(entry)
            continue
        places[name] = (entry.key, value_node)
        value = leaf.quick(value_node.value) if isinstance(value_node, Scalar) else MISS
        if value is not MISS:
            given[name] = value
            if leaf.reference is not None and isinstance(value, str):
                here = f"{path}.{name}" if path else name
                inspection.references.append(Reference(leaf.reference, value, value_node, here, inspection.owner))
        elif leaf.choice is None and name not in own:
            here = f"{path}.{name}" if path else name
            value = read_value(inspection, leaf.schema, value_node, here)
            if value is not BAD:
                given[name] = value
                if leaf.reference is not None or isinstance(value, list | dict):
                    _note_references(inspection, leaf.schema, value, value_node, here)
    if complete:
        _tell_missing(inspection, reading, node)
    return reading


def _note_references(inspection: Inspection, schema: Mapping[str, Any], value: Any, node: Node, path: str) -> None:
    """Note what a value names elsewhere, also inside its lists and mappings; it is looked up when all is read."""
    kind = schema.get("x-reference")
    target = resolve(node)
    if isinstance(value, str) and kind is not None:
        inspection.references.append(Reference(kind, value, node, path, inspection.owner))
    elif isinstance(value, list) and isinstance(target, SequenceNode):
        inner = {"x-reference": kind} if kind is not None else schema.get("items")
        if isinstance(inner, Mapping):
            for index, (each, item) in enumerate(zip(value, target.items, strict=False)):
                _note_references(inspection, inner, each, item, f"{path}[{index}]")
    elif isinstance(value, dict) and isinstance(target, MappingNode) and "properties" in schema:
        for entry in entries(target):
            name = entry.key.text
            if name in value and name in schema["properties"]:
                _note_references(inspection, schema["properties"][name], value[name], entry.value, f"{path}.{name}")


def _tell_missing(inspection: Inspection, reading: Reading, node: Node | None) -> None:
    block = reading.block
    required = block.required if block is not None else ()
    missing = [name for name in required if name not in reading.places and name not in reading.inherited]
    if block is None or not missing:
        return
    misspelt = {nearest(each, block.properties) for each in _keys(node) if each not in reading.places}
    for name in missing:
        if name in misspelt:
            continue  # it is there under a name that is told already
        where = start_of(node) if node is not None else inspection.here
        doc = block.properties[name].get("description", "")
        inspection.add(
            "missing-key", f"{reading.path or 'The config'} must have '{name}'.", where, reading.path, hint=doc
        )


def _keys(node: Node | None) -> list[str]:
    target = resolve(node) if node is not None else None
    return [entry.key.text for entry in entries(target)] if isinstance(target, MappingNode) else []


def read_choice(  # noqa: PLR0913 - what is known of a choice comes from as many places
    inspection: Inspection,
    kind: str,
    node: Node | None,
    path: str,
    *,
    default: str | None,
    untyped: str | None = None,
    feature: str | None = None,
    fallback: Chosen | None = None,
    complete: bool = True,
) -> Chosen:
    """Read a component chosen by ``type``; without one, that of ``fallback`` (from ``defaults``) or ``default``.

    Parameters alone are those of ``untyped``, where that is another one.
    """
    target = mapping_at(inspection, node, path) if node is not None else None
    inherited = fallback.word if fallback is not None else None
    type_node = _type_node(target) if target is not None else None
    if type_node is not None:
        word = _named(inspection, kind, type_node, f"{path}.type", feature, target)
    else:
        meant = untyped if untyped is not None and target is not None else default
        word = inherited or (inspection.words.find(kind, meant, feature) if meant is not None else None)
        if word is None and target is not None:
            hint = f"The {kind}s are {listing(inspection.words.names(kind, feature))}."
            inspection.add("missing-key", f"{path} must have 'type'.", start_of(target), path, hint=hint)
    reading = Reading(path, word)
    if fallback is not None and inherited is word:
        reading.inherited = fallback.reading.given
    if word is None or (target is None and not word.required):
        return Chosen(word, reading)

    def explain(entry: Entry) -> None:
        explain_parameter(inspection, entry, f"{path}.{entry.key.text}", kind, word, feature)

    read = read_block(inspection, word, target, path, explain=explain, own=("type",), complete=False)
    read.inherited = reading.inherited
    if complete:
        _tell_missing(inspection, read, target)
        if word.rules:
            check_rules(inspection, read)
    return Chosen(word, read)


def _type_node(target: MappingNode) -> Node | None:
    for entry in entries(target):
        if entry.key.text == "type":
            return entry.value
    return None


def _named(
    inspection: Inspection, kind: str, node: Node, path: str, feature: str | None, target: MappingNode | None
) -> Word | None:
    value = resolve(node)
    if value is None:
        return None
    if not isinstance(value, Scalar) or not isinstance(value.value, str):
        got = (
            show(value.value)
            if isinstance(value, Scalar)
            else "a mapping"
            if isinstance(value, MappingNode)
            else "a list"
        )
        inspection.add("wrong-type", f"type must be the name of a {kind}; got {got}.", start_of(node), path)
        return None
    word = inspection.words.find(kind, value.value, feature)
    if (
        word is None
        and not explain_name(inspection, kind, value.value, node.span, path, feature)
        and target is not None
    ):
        _check_planned_names(inspection, kind, value.value, feature, target, path.removesuffix(".type"))
    return word


def explain_name(inspection: Inspection, kind: str, name: str, span: Span, path: str, feature: str | None) -> bool:
    """Tell what is wrong with a component's name; return whether it is wrong, and not only not built yet."""
    built = inspection.words.names(kind, feature)
    planned = planned_components(kind, feature)
    side = "feature" if kind == "encoder" else "output"
    scope = f" for a {feature} {side}" if feature else ""
    hint = there_is(built)
    if name in planned:
        message = f"The {kind} '{name}'{scope} is known but not built yet."
        inspection.add("not-built-yet", message, span, path, hint=hint)
        return False
    serves = sorted({each for word in inspection.words.words(kind) if word.name == name for each in word.features})
    if serves and feature is not None and kind in MISMATCH:
        message = f"The {kind} of a {feature} {side} must fit it; '{name}' is for {listing(serves)}."
        inspection.add(f"{kind}-mismatch", message, span, path, hint=hint)
        return True
    meant, fix = suggestion(name, [*built, *planned], span)
    inspection.add("unknown-type", f"Unknown {kind} '{name}'{scope}.{meant}", span, path, hint=hint, fix=fix)
    return True


def _check_planned_names(
    inspection: Inspection, kind: str, name: str, feature: str | None, target: MappingNode, path: str
) -> None:
    """Refuse misspelt parameters also where the component itself is not built yet."""
    known = [*planned_parameters(kind, name, feature), "type"]
    for entry in entries(target):
        if entry.key.text not in known:
            explain_key(inspection, entry, f"{path}.{entry.key.text}", f"the {kind} '{name}'", known, ())


def explain_parameter(
    inspection: Inspection, entry: Entry, path: str, kind: str, word: Word, feature: str | None
) -> None:
    """Tell about a name that is no parameter of ``word``: planned, of another component, or unknown."""
    name = entry.key.text
    planned = planned_parameters(kind, word.name, feature)
    if name not in planned:
        owners = inspection.words.owners(kind, name, feature)
        if owners:
            message = f"'{name}' must be a parameter of the {kind} '{word.name}'; it is one of {some_names(owners)}."
            inspection.add(
                "foreign-parameter",
                message,
                entry.key.span,
                path,
                hint=f"'{word.name}' takes {listing(list(word.properties))}.",
            )
            return
    explain_key(inspection, entry, path, f"the {kind} '{word.name}'", [*word.properties, "type"], planned)


def explain_key(
    inspection: Inspection, entry: Entry, path: str, what: str, known: Collection[str], planned: Collection[str]
) -> None:
    """Tell about a key that ``what`` does not have: not built yet, or unknown with the nearest name."""
    name, span = entry.key.text, entry.key.span
    if name in planned:
        tell_planned(inspection, entry, path, what, planned)
        return
    meant, fix = suggestion(name, [*known, *planned], span)
    hint = "" if meant else f"Known here: {listing(list(known))}."
    inspection.add("unknown-key", f"Unknown key '{name}' in {what}.{meant}", span, path, hint=hint, fix=fix)


def some_names(names: list[str]) -> str:
    """Return names as a sentence lists them, the first four at most."""
    quoted = [f"'{name}'" for name in names[:4]]
    if len(names) > 4:
        return f"{', '.join(quoted)} and {len(names) - 4} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
