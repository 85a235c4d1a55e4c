"""Older spellings inside features: types, flat parameters, names of losses and of preprocessing values."""

from __future__ import annotations

from declml_schema import older_spellings as older
from declml_schema.document import entries, resolve
from declml_schema.feature_reading import Shape, shape_of
from declml_schema.inspection import Inspection, replacement
from declml_schema.planned import planned_components, planned_parameters
from declml_schema.problems import Fix
from declml_schema.rewriting import copy_with, find, in_text, mapping_of, nesting, removals, renamed, text_of, word_at
from declml_schema.spelling import quoted, rename_keys, tell, tell_older, with_type
from declml_schema.tree import Entry, MappingNode, Node, Scalar, SequenceNode

PLACES = ("encoder", "decoder", "loss", "preprocessing")
PARTS = {"input_features": ("encoder",), "output_features": ("decoder", "loss")}


def modernize_features(inspection: Inspection, node: Node, key: str) -> Node:
    """Return a list of features with every older spelling read as today's."""
    target = resolve(node)
    if not isinstance(target, SequenceNode):
        return node
    items: list[Node] = []
    changed = False
    modern_shapes: set[Shape] = set()
    for index, item in enumerate(target.items):
        feature = resolve(item)
        modern: Node = item
        if isinstance(feature, MappingNode):
            shape = shape_of(inspection, feature)
            if shape not in modern_shapes:
                told = inspection.told
                modern = _feature(inspection, feature, key, f"{key}[{index}]")
                if modern is feature and shape is not None and inspection.told == told:
                    modern_shapes.add(shape)
        changed = changed or (modern is not item and modern is not feature)
        items.append(modern)
    if not changed:
        return node
    copy = SequenceNode(target.start, target.end, flow=target.flow)
    copy.items = items
    return copy


def _is_modern(inspection: Inspection, feature: MappingNode, key: str) -> bool:
    """Return whether nothing in a feature can be an older spelling; most features are, and this is all they cost."""
    kind = next((entry.value for entry in feature.entries if entry.key.text == "type"), None)
    if not isinstance(kind, Scalar) or kind.text in older.FEATURE_TYPES:
        return False
    leaves = inspection.words.feature_block(key.removesuffix("_features"), kind.text).leaves
    for entry in feature.entries:
        name, value = entry.key.text, entry.value
        if name not in leaves:
            return False
        if name not in PLACES:
            continue
        if not isinstance(value, MappingNode) or name == "loss":
            return False
        older_names = older.PREPROCESSING if name == "preprocessing" else older.COMPONENT
        for inner in value.entries:
            if inner.key.text in older_names or inner.key.text == "<<":
                return False
            if inner.key.text == "missing_value_strategy" and getattr(inner.value, "text", "") in older.MISSING_VALUES:
                return False
    return True


def _feature(inspection: Inspection, feature: MappingNode, key: str, path: str) -> MappingNode:
    if _is_modern(inspection, feature, key):
        return feature
    feature = rename_keys(inspection, feature, older.FEATURE, path)
    feature, kind = _type(inspection, feature, path)
    block = inspection.words.feature_block(key.removesuffix("_features"), kind or None)
    part = PARTS[key][0]
    for entry in entries(feature):
        if entry.key.text not in block.leaves:
            feature = _flat_parameters(inspection, feature, part, kind, set(block.leaves), path)
            break
    listed: list[Entry] = []
    changed = False
    for entry in entries(feature):
        modern = _part(inspection, entry, PARTS[key], kind, path)
        changed = changed or modern is not entry
        listed.append(modern)
    return copy_with(feature, listed) if changed else feature


def _type(inspection: Inspection, feature: MappingNode, path: str) -> tuple[MappingNode, str]:
    entry = find(feature, "type")
    value = text_of(entry.value) if entry is not None else None
    if entry is None or value is None:
        return feature, ""
    new = older.FEATURE_TYPES.get(value.text)
    if new is None:
        return feature, value.text
    fix = replacement(value.span, new, f"Change '{value.text}' to '{new}'") if in_text(value) else None
    tell_older(inspection, f"The type '{value.text}'", f"'{new}'", value.span, f"{path}.type", fix=fix)
    made = Entry(entry.key, word_at(value, new), entry.merged)
    return copy_with(feature, [made if each is entry else each for each in entries(feature)]), new


def _part(inspection: Inspection, entry: Entry, parts: tuple[str, ...], kind: str, path: str) -> Entry:
    name = entry.key.text
    if name == "preprocessing":
        return _preprocessing(inspection, entry, f"{path}.preprocessing")
    if name not in parts:
        return entry
    here = f"{path}.{name}"
    if text_of(entry.value) is not None:
        entry = Entry(entry.key, with_type(inspection, entry, here, kind or None), entry.merged)
    target = mapping_of(entry.value)
    if target is None:
        return entry
    modern = _renamed_parameters(inspection, target, name, kind, here)
    if name == "loss":
        modern = _loss(inspection, modern, kind, here)
    return entry if modern is target else Entry(entry.key, modern, entry.merged)


def _renamed_parameters(inspection: Inspection, target: MappingNode, part: str, kind: str, path: str) -> MappingNode:
    """Rename older parameters, where the component does not have one of that name itself."""
    if all(entry.key.text not in older.COMPONENT for entry in target.entries):
        return target
    chosen = find(target, "type")
    name = text_of(chosen.value) if chosen is not None else None
    word = inspection.words.find(part, name.text, kind) if name is not None else None
    own = set(word.properties) if word is not None else set[str]()
    names = {old: new for old, new in older.COMPONENT.items() if old not in own and (word is None or new in own)}
    return rename_keys(inspection, target, names, path)


def _loss(inspection: Inspection, target: MappingNode, kind: str, path: str) -> MappingNode:
    entry = find(target, "type")
    value = text_of(entry.value) if entry is not None else None
    new = older.LOSSES.get(kind, {}).get(value.text) if value is not None else None
    if entry is None or value is None or new is None:
        return target
    fix = replacement(value.span, new, f"Change '{value.text}' to '{new}'") if in_text(value) else None
    tell_older(inspection, f"The loss '{value.text}'", f"'{new}'", value.span, f"{path}.type", fix=fix)
    made = Entry(entry.key, word_at(value, new), entry.merged)
    return copy_with(target, [made if each is entry else each for each in entries(target)])


def _preprocessing(inspection: Inspection, entry: Entry, path: str) -> Entry:
    target = mapping_of(entry.value)
    if target is None:
        return entry
    modern = rename_keys(inspection, target, older.PREPROCESSING, path)
    strategy = find(modern, "missing_value_strategy")
    value = text_of(strategy.value) if strategy is not None else None
    if strategy is not None and value is not None and value.text in older.MISSING_VALUES:
        new = older.MISSING_VALUES[value.text]
        fix = replacement(value.span, new) if in_text(value) else None
        tell_older(inspection, f"'{value.text}'", f"'{new}'", value.span, f"{path}.missing_value_strategy", fix=fix)
        made = Entry(strategy.key, word_at(value, new), strategy.merged)
        modern = copy_with(modern, [made if each is strategy else each for each in entries(modern)])
    return entry if modern is target else Entry(entry.key, modern, entry.merged)


def _flat_parameters(
    inspection: Inspection, feature: MappingNode, part: str, kind: str, own: set[str], path: str
) -> MappingNode:
    """Move parameters that stand on the feature itself, as up to Ludwig 0.5, into its encoder or decoder."""
    moved: list[tuple[Entry, str]] = []
    gone: list[str] = []
    known = _parameter_names(inspection, part, kind)
    taken = {*planned_components("input" if part == "encoder" else "output").get(kind, ()), *own}
    for entry in entries(feature):
        name = entry.key.text
        new = older.COMPONENT.get(name, name)
        if name == "level" and part == "encoder" and getattr(resolve(entry.value), "value", None) == "word":
            gone.append(name)  # words are what tokenizers give anyway
        elif name not in taken and (name in known or new in known):
            moved.append((entry, name if name in known else new))
    names = [entry.key.text for entry, _ in moved] + gone
    host = find(feature, part)
    if not names or (host is not None and text_of(host.value) is None and mapping_of(host.value) is None):
        return feature
    first = next(entry for entry in entries(feature) if entry.key.text in names)
    if moved:
        edits = nesting(inspection, feature, moved, gone, part)
    else:
        alone = removals(feature, gone)
        edits = tuple(alone) if alone else None
    fix = Fix(f"Move them into {part}" if moved else "Remove it", edits) if edits else None
    message = f"{quoted(names)} must stand inside '{part}'; on the feature is an older spelling."
    if not moved:
        message = "'level: word' is an older spelling that says nothing: words are the default."
    tell(inspection, message, first.key.span, f"{path}.{first.key.text}", fix=fix)
    kept = [each for each in entries(feature) if each.key.text not in names and each is not host]
    if not moved:
        return copy_with(feature, [*kept, host] if host is not None else kept)
    inner = mapping_of(host.value) if host is not None else None
    own_entries = list(entries(inner)) if inner is not None else []
    spelled = text_of(host.value) if host is not None else None
    if spelled is not None:
        own_entries = [Entry(word_at(spelled, "type"), spelled)]
    nested = copy_with(inner or feature, [*own_entries, *(renamed(entry, name) for entry, name in moved)])
    key = host.key if host is not None else word_at(first.key, part)
    return copy_with(feature, [*kept, Entry(key, nested)])


def _parameter_names(inspection: Inspection, part: str, kind: str) -> set[str]:
    built = {name for word in inspection.words.words(part, kind or None) for name in word.properties}
    planned = {
        name for component in planned_components(part, kind) for name in planned_parameters(part, component, kind)
    }
    return built | planned
