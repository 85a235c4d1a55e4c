"""Chooses what a hover shows for what the pointer is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from declml_lsp.hovering.column import column_parts
from declml_lsp.hovering.component import choice_parts, component_parts, section_parts
from declml_lsp.hovering.look import Look
from declml_lsp.hovering.network import model_lines, part_lines
from declml_lsp.hovering.parameter import parameter_parts
from declml_lsp.hovering.target import Target
from declml_lsp.hovering.unknown import meant_key, meant_name
from declml_lsp.levels import Level, Step, path_of
from declml_lsp.meaning import LeafMeaning, ListMeaning, MappingMeaning, item_of, meaning_of, step_into
from declml_lsp.nodes import level_of
from declml_schema import older_spellings as older
from declml_schema.document import resolve
from declml_schema.tree import Alias, MappingNode, Node, Scalar, SequenceNode

_MOST_LINES = 12
_FEATURE_LISTS = ("input_features", "output_features")


def describe(look: Look, target: Target) -> list[str]:
    """Return the parts of the hover on a target; none where there is nothing to say."""
    levels = _modern(target.spot.levels)
    step = target.spot.step
    if step == "<<" and isinstance(target.spot.node, Alias):
        return _alias_parts(look, target.spot.node, merged=True)
    outer = meaning_of(look.words, levels, type_defaults=look.type_default)
    if isinstance(outer, ListMeaning):
        parts = _item_parts(look, target, levels, step, outer)
    elif isinstance(outer, MappingMeaning) and isinstance(step, str):
        parts = _entry_parts(look, target, levels, step, outer)
    else:
        parts = []
    if target.alias is not None:
        parts = [*_alias_parts(look, target.alias), *parts]
    return parts


def model_parts(look: Look) -> list[str]:
    """Return what there is to say of the whole network."""
    lines = model_lines(look)
    return [look.ink.strong("The model"), look.ink.items(lines)] if lines else []


def _modern(levels: Sequence[Level]) -> tuple[Level, ...]:
    """Return levels with today's name for a section that an older Ludwig called otherwise."""
    if len(levels) > 1 and levels[1].step in older.TOP_LEVEL:
        return (levels[0], replace(levels[1], step=older.TOP_LEVEL[str(levels[1].step)]), *levels[2:])
    return tuple(levels)


def _entry_parts(look: Look, target: Target, levels: tuple[Level, ...], key: str, outer: MappingMeaning) -> list[str]:
    block = path_of(levels)
    if outer.section == "feature" and (key in ("name", "column")):
        return feature_parts(look, block)
    if key not in outer.properties and "*" not in outer.properties:
        near, sentence = meant_key(look, outer, key)
        if near is None:
            return [sentence] if sentence else []
        return [sentence, *_known_parts(look, target, levels, near, outer)]
    return _known_parts(look, target, levels, key, outer)


def _known_parts(look: Look, target: Target, levels: tuple[Level, ...], key: str, outer: MappingMeaning) -> list[str]:
    """Return the parts about a key that ``outer`` has."""
    node = resolve(target.spot.node)
    inner = level_of(node, key) if isinstance(node, MappingNode | SequenceNode) else Level(key, is_list=None)
    meaning = step_into(look.words, outer, inner, type_defaults=look.type_default)
    block, path = path_of(levels), path_of(levels, key)
    if isinstance(meaning, MappingMeaning):
        meaning = replace(meaning, doc=meaning.doc or outer.properties.get(key, {}).get("description", ""))
        return _mapping_parts(look, meaning, node, key, path, levels)
    if key in _FEATURE_LISTS and not block:
        return _features_parts(look, key, outer.properties[key].get("description", ""), node)
    schema = outer.properties.get(key, outer.properties.get("*", {}))
    if isinstance(meaning, LeafMeaning):
        named = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None
        if meaning.words:
            return _name_parts(look, target, levels, meaning, named)
        if named is not None and not target.on_key:
            referenced = _referenced_parts(look, meaning, named, levels)
            if referenced:
                return referenced
    return parameter_parts(look, key, schema, of=outer.what, path=path, block=block)


def _item_parts(look: Look, target: Target, levels: tuple[Level, ...], step: Step, outer: ListMeaning) -> list[str]:
    """Return the parts about one item of a list."""
    meaning = item_of(look.words, outer)
    node = resolve(target.spot.node)
    if isinstance(meaning, LeafMeaning) and isinstance(node, Scalar) and isinstance(node.value, str):
        referenced = _referenced_parts(look, meaning, node.value, levels)
        if referenced:
            return referenced
    around, key = levels[:-1], str(levels[-1].step)
    holder = meaning_of(look.words, around, type_defaults=look.type_default)
    if not isinstance(holder, MappingMeaning) or isinstance(meaning, MappingMeaning):
        return []
    schema = holder.properties.get(key, holder.properties.get("*", {}))
    return parameter_parts(look, key, schema, of=holder.what, path=path_of(levels), block=path_of(around))


def _mapping_parts(
    look: Look, meaning: MappingMeaning, node: Node | None, key: str, path: str, levels: tuple[Level, ...]
) -> list[str]:
    if meaning.kind and meaning.section != "scheduler":
        word = meaning.word
        if isinstance(node, Scalar) and isinstance(node.value, str):  # the older spelling, `encoder: lstm`
            word = look.words.find(meaning.kind, node.value, meaning.feature) or word
        if word is not None:
            name = look.feature_name(path_of(levels)) if meaning.side else None
            return component_parts(look, word, kind=meaning.kind, path=path, feature=meaning.feature, name=name)
        if meaning.feature is not None or not meaning.side:
            return choice_parts(look, look.words.words(meaning.kind, meaning.feature), title=key, doc=meaning.doc)
    return section_parts(look, title=key, doc=meaning.doc, properties=meaning.properties, path=path)


def _name_parts(
    look: Look, target: Target, levels: tuple[Level, ...], meaning: LeafMeaning, named: str | None
) -> list[str]:
    """Return the parts about a place that names a component: the key tells what there is, the name what it is."""
    owner = meaning.owner
    kind = meaning.words[0].kind
    feature = owner.feature if owner is not None and kind not in ("input", "output") else None
    doc = meaning.schema.get("description", "")
    if target.on_key or named is None:
        return choice_parts(look, meaning.words, title=meaning.name, doc=doc)
    word, sentence = look.words.find(kind, named, feature), ""
    if word is None:
        near, sentence = meant_name(look, kind, named, feature)
        word = look.words.find(kind, near, feature) if near is not None else None
    if word is None:
        return [sentence] if sentence else []
    first = [sentence] if sentence else []
    block = path_of(levels)
    if kind in ("input", "output"):
        title = look.ink.title(word.name, f"{kind} feature")
        return [*first, title, look.ink.sentence(word.doc), *_feature_facts(look, block, word.name)]
    name = look.feature_name(block.partition(".")[0]) if block.startswith(_FEATURE_LISTS) else None
    return [*first, *component_parts(look, word, kind=kind, path=block, feature=feature, name=name)]


def _referenced_parts(look: Look, meaning: LeafMeaning, name: str, levels: tuple[Level, ...]) -> list[str]:
    """Return the parts about what a value names elsewhere: a column, a feature, a metric."""
    if meaning.reference == "column":
        facts = column_parts(look, name)
        return [look.ink.title(name, "column"), *facts] if facts else []
    if meaning.reference in ("input_feature", "output_feature"):
        path = _feature_called(look, meaning.reference, name)
        return feature_parts(look, path) if path is not None else []
    if meaning.reference == "metric":
        return _metric_parts(look, name)
    return []


def _metric_parts(look: Look, name: str) -> list[str]:
    """Return the parts about a metric: as it is for the first output that has it."""
    outputs = _mappings(look, "output_features")
    types = [level_of(feature, 0).type() for feature in outputs.values()]
    found = [word for each in types if each and (word := look.words.find("metric", name, each)) is not None]
    word = found[0] if found else look.words.find("metric", name)
    if word is None:
        return []
    goal = {"maximize": "Larger is better.", "minimize": "Smaller is better."}.get(word.facts.get("goal", ""), "")
    return [look.ink.title(name, "metric"), f"{look.ink.sentence(word.doc)} {goal}".rstrip()]


def _feature_called(look: Look, reference: str, name: str) -> str | None:
    """Return the path of the feature of that name."""
    key = f"{reference}s"
    for index, feature in _mappings(look, key).items():
        if level_of(feature, index).scalars.get("name") == name:
            return f"{key}[{index}]"
    return None


def _mappings(look: Look, key: str) -> dict[int, MappingNode]:
    """Return the features of a side by their numbers."""
    root = look.snapshot.root
    found = [each.value for each in root.entries if each.key.text == key] if isinstance(root, MappingNode) else []
    listed = resolve(found[0]) if found else None
    items = [resolve(item) for item in listed.items] if isinstance(listed, SequenceNode) else []
    return {index: item for index, item in enumerate(items) if isinstance(item, MappingNode)}


def feature_parts(look: Look, path: str) -> list[str]:
    """Return the parts about a feature: its type, its column, its part of the network."""
    force = look.force(path)
    name = look.feature_name(path)
    if force is None or name is None:
        return []
    side = path.partition("_")[0]
    note = f"{side} feature"
    column = force.values.get("column")
    if force.word is not None:
        note = f"{force.word.name} {note}"
    if isinstance(column, str) and column != name:
        note += f", column {look.ink.code(column)}"
    parts = [look.ink.title(name, note)]
    return [*parts, *_feature_facts(look, path, force.word.name if force.word is not None else "")]


def _feature_facts(look: Look, path: str, feature_type: str) -> list[str]:
    """Return what is known of a feature's column and of its part of the network."""
    force, name = look.force(path), look.feature_name(path)
    if force is None or name is None:
        return []
    column = force.values.get("column")
    parts = column_parts(look, column if isinstance(column, str) else name, feature_type=feature_type)
    part = "encoder" if path.startswith("input") else "decoder"
    chosen = look.force(f"{path}.{part}")
    lines = part_lines(look, path, name)
    if chosen is not None and chosen.word is not None:
        lines.insert(0, f"{part.capitalize()}: {look.ink.code(chosen.word.name)}")
    return [*parts, look.ink.items(lines)] if lines else parts


def _features_parts(look: Look, key: str, doc: str, node: Node | None) -> list[str]:
    """Return the parts about a list of features."""
    parts = [look.ink.title(key), look.ink.sentence(doc)]
    items = node.items if isinstance(node, SequenceNode) else []
    counts: dict[str, int] = {}
    for item in items:
        mapping = resolve(item)
        kind = level_of(mapping, 0).type() if isinstance(mapping, MappingNode) else None
        counts[kind or "?"] = counts.get(kind or "?", 0) + 1
    if counts:
        total = f"{len(items):,} feature{'s' if len(items) != 1 else ''}"
        listed = ", ".join(f"{count:,} {look.ink.code(kind)}" for kind, count in sorted(counts.items()))
        parts.append(f"{total}: {listed}.")
    return [*parts, *model_parts(look)]


def _alias_parts(look: Look, alias: Alias, *, merged: bool = False) -> list[str]:
    """Return what an alias stands for, as its anchor writes it."""
    target = resolve(alias)
    if target is None:
        return []
    ink = look.ink
    what = "takes over what" if merged else "stands for what"
    parts = [f"{ink.title('*' + alias.name)} {what} {ink.code('&' + alias.name)} has in line {target.start_line + 1}:"]
    lines = look.snapshot.text.of(target.span).split("\n")
    margin = target.start_column
    lines = [lines[0], *(line[margin:] if not line[:margin].strip() else line.lstrip() for line in lines[1:])]
    shown = lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        shown.append(f"# and {len(lines) - _MOST_LINES} more lines")
    return [*parts, ink.block(shown, "yaml")]


def path_of_target(target: Target) -> tuple[tuple[Level, ...], Step]:
    """Return levels and step of a target, with today's names."""
    return _modern(target.spot.levels), target.spot.step
