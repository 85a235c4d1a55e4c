"""Older Ludwig spellings, read as today's: each is flagged with a rewriting fix, and the checker never sees it.

The text's own nodes stay as they are; what changes is copied, its places kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from declml_schema import older_spellings as older
from declml_schema.document import entries, resolve
from declml_schema.inspection import Inspection, replacement
from declml_schema.modernize_features import modernize_features
from declml_schema.problems import Edit, Fix, Span
from declml_schema.rewriting import (
    copy_with,
    find,
    flow_text,
    in_text,
    mapping_of,
    nesting,
    removals,
    renamed,
    text_of,
    word_at,
)
from declml_schema.spelling import quoted, rename_keys, tell, tell_older, with_type
from declml_schema.tree import Entry, MappingNode, Node, Scalar


def modernize(inspection: Inspection, root: MappingNode) -> MappingNode:
    """Return the config with every older spelling that is understood read as today's."""
    root = rename_keys(inspection, root, older.TOP_LEVEL, "")
    root = _global_preprocessing(inspection, root)
    changed: dict[str, Node] = {}
    for entry in entries(root):
        name, value = entry.key.text, entry.value
        if name == "combiner" and text_of(value) is not None:
            changed[name] = with_type(inspection, entry, "combiner")
        elif name == "trainer":
            changed[name] = _trainer(inspection, value)
        elif name == "preprocessing":
            changed[name] = _split(inspection, value)
        elif name == "defaults":
            changed[name] = _defaults(inspection, value)
        elif name in ("input_features", "output_features"):
            changed[name] = modernize_features(inspection, value, name)
    changed = {name: node for name, node in changed.items() if node is not _value(root, name)}
    if not changed:
        return root
    return copy_with(
        root, [Entry(each.key, changed.get(each.key.text, each.value), each.merged) for each in entries(root)]
    )


def _value(root: MappingNode, name: str) -> Node | None:
    entry = find(root, name)
    return entry.value if entry is not None else None


def _defaults(inspection: Inspection, node: Node) -> Node:
    target = mapping_of(node)
    return node if target is None else rename_keys(inspection, target, older.FEATURE_TYPES, "defaults")


def _trainer(inspection: Inspection, node: Node) -> Node:
    target = mapping_of(node)
    if target is None:
        return node
    target = _flat_schedule(inspection, rename_keys(inspection, target, older.TRAINER, "trainer"))
    listed: list[Entry] = []
    for entry in entries(target):
        name, value = entry.key.text, resolve(entry.value)
        if name == "optimizer" and text_of(value) is not None:
            entry = Entry(entry.key, with_type(inspection, entry, "trainer.optimizer"), entry.merged)
        elif name == "optimizer" and isinstance(value, MappingNode):
            known = rename_keys(inspection, value, {"epsilon": "eps"}, "trainer.optimizer")
            entry = Entry(entry.key, known, entry.merged)
        elif name == "eval_batch_size" and isinstance(value, Scalar) and value.value == 0 and value.value is not False:
            tell_older(
                inspection,
                "'eval_batch_size: 0'",
                "'eval_batch_size: null'",
                value.span,
                "trainer.eval_batch_size",
                fix=replacement(value.span, "null") if in_text(value) else None,
            )
            entry = Entry(entry.key, Scalar("null", None, None, value.start, value.end), entry.merged)
        listed.append(entry)
    return copy_with(target, listed)


def _flat_schedule(inspection: Inspection, target: MappingNode) -> MappingNode:
    """Move the flat keys of learning rate schedules into ``learning_rate_scheduler``."""
    listed = entries(target)
    decay = find(target, "decay")
    decays = decay is not None and getattr(resolve(decay.value), "value", None) is True
    moved: list[tuple[Entry, str]] = []
    gone: list[str] = []
    for entry in listed:
        name = entry.key.text
        if name in older.SCHEDULER:
            moved.append((_without_switch(entry, name), older.SCHEDULER[name]))
        elif name in older.DECAY and decays:
            moved.append((entry, name))
        elif name == "decay" and decays and isinstance(entry.value, Scalar):
            moved.append((Entry(entry.key, word_at(entry.value, "exponential")), "decay"))
        elif name == "decay" or name in older.DECAY:
            gone.append(name)  # without decay they never acted
    if not moved and not gone:
        return target
    names = [entry.key.text for entry, _ in moved] + gone
    first = next(entry for entry in listed if entry.key.text in names)
    written = [(entry if entry in listed else _by_value(entry), name) for entry, name in moved]
    edits = nesting(inspection, target, written, gone, "learning_rate_scheduler")
    fix = Fix("Move them into learning_rate_scheduler", edits) if edits else None
    message = f"{quoted(names)} must stand inside 'learning_rate_scheduler'; in trainer is an older spelling."
    tell(inspection, message, first.key.span, f"trainer.{first.key.text}", fix=fix)
    host = find(target, "learning_rate_scheduler")
    inner = mapping_of(host.value) if host is not None else None
    own = entries(inner) if inner is not None else []
    there = {each.key.text for each in own}
    added = [renamed(entry, name) for entry, name in moved if name not in there]
    nested = copy_with(inner or target, [*own, *added])
    kept = [each for each in listed if each.key.text not in names and each is not host]
    if not nested.entries:
        return copy_with(target, kept)
    key = host.key if host is not None else word_at(first.key, "learning_rate_scheduler")
    return copy_with(target, [*kept, Entry(key, nested)])


def _without_switch(entry: Entry, name: str) -> Entry:
    """Return the entry with a number where an older ``reduce_learning_rate_on_plateau`` has true or false."""
    value = resolve(entry.value)
    if name == "reduce_learning_rate_on_plateau" and isinstance(value, Scalar) and isinstance(value.value, bool):
        number = int(value.value)
        return Entry(entry.key, Scalar(str(number), number, None, value.start, value.end))
    return entry


def _by_value(entry: Entry) -> Entry:
    """Return an entry whose value is not the text at its place, so that it is written out by value."""
    value = entry.value
    assert isinstance(value, Scalar)  # made here
    return Entry(entry.key, Scalar(value.text, value.value, "|", value.start, value.end))


def _split(inspection: Inspection, node: Node) -> Node:
    """Read ``force_split``, ``split_probabilities`` and ``stratify`` as the mapping ``split``."""
    target = mapping_of(node)
    if target is None:
        return node
    found = {name: find(target, name) for name in ("force_split", "split_probabilities", "stratify")}
    present = {name: entry for name, entry in found.items() if entry is not None}
    if not present or find(target, "split") is not None:
        return target
    stratify = present.get("stratify")
    force = present.get("force_split")
    column = stratify if stratify is not None and getattr(resolve(stratify.value), "value", None) is not None else None
    fixed = column is None and force is not None and getattr(resolve(force.value), "value", None) is False
    first = next(iter(present.values()))
    kind = "stratify" if column is not None else "fixed" if fixed and "split_probabilities" not in present else "random"
    inner = [Entry(word_at(first.key, "type"), word_at(first.key, kind))]
    if column is not None:
        inner.append(Entry(word_at(column.key, "column"), column.value))
    if "split_probabilities" in present:
        inner.append(renamed(present["split_probabilities"], "probabilities"))
    text = ", ".join(
        [f"type: {kind}", *(f"{each.key.text}: {flow_text(inspection, each.value)}" for each in inner[1:])]
    )
    fix = None
    if in_text(*(entry.key for entry in present.values())):
        rest = {name for name in present if name != first.key.text}
        others = removals(target, rest) if rest else []
        if others is not None:
            whole = Span(first.key.span.start, max(first.value.span.end, first.key.span.end))
            fix = Fix("Write it as split", (Edit(whole, f"split: {{{text}}}"), *others))
    message = f"{quoted(present)} must be written as the mapping 'split'; this is an older spelling."
    tell(inspection, message, first.key.span, f"preprocessing.{first.key.text}", fix=fix)
    kept = [each for each in entries(target) if each.key.text not in present]
    return copy_with(target, [*kept, Entry(word_at(first.key, "split"), copy_with(target, inner))])


def _global_preprocessing(inspection: Inspection, root: MappingNode) -> MappingNode:
    """Read ``preprocessing.<type>`` as ``defaults.<type>.preprocessing``."""
    host = find(root, "preprocessing")
    target = mapping_of(host.value) if host is not None else None
    if host is None or target is None:
        return root
    types = {*inspection.words.names("input"), *inspection.words.names("output")}
    moved: dict[str, Entry] = {}
    for entry in entries(target):
        name = older.FEATURE_TYPES.get(entry.key.text, entry.key.text)
        if name in types:
            moved[name] = entry
    if not moved:
        return root
    defaults = find(root, "defaults")
    there = mapping_of(defaults.value) if defaults is not None else None
    taken = {older.FEATURE_TYPES.get(each.key.text, each.key.text) for each in entries(there)} if there else set[str]()
    moved = {name: entry for name, entry in moved.items() if name not in taken}
    fix = _move_fix(inspection, root, target, moved, there)
    for name, entry in moved.items():
        tell_older(
            inspection,
            f"'preprocessing.{entry.key.text}'",
            f"'defaults.{name}.preprocessing'",
            entry.key.span,
            f"preprocessing.{entry.key.text}",
            fix=fix,
        )
    gone = {entry.key.text for entry in moved.values()}
    made = [
        Entry(word_at(entry.key, name), copy_with(target, [Entry(word_at(entry.key, "preprocessing"), entry.value)]))
        for name, entry in moved.items()
    ]
    own = entries(there) if there is not None else []
    key = defaults.key if defaults is not None else word_at(host.key, "defaults")
    left = copy_with(target, [each for each in entries(target) if each.key.text not in gone])
    kept = [
        Entry(each.key, left, each.merged) if each is host else each for each in entries(root) if each is not defaults
    ]
    return copy_with(root, [*kept, Entry(key, copy_with(there or target, [*own, *made]))])


def _move_fix(
    inspection: Inspection,
    root: MappingNode,
    target: MappingNode,
    moved: Mapping[str, Entry],
    there: MappingNode | None,
) -> Fix | None:
    if not moved or root.flow or not in_text(target, *(entry.key for entry in moved.values())):
        return None
    lines = [f"{name}: {{preprocessing: {flow_text(inspection, entry.value)}}}" for name, entry in moved.items()]
    gone = removals(target, {entry.key.text for entry in moved.values()})
    if gone is None:
        gone = removals(root, {"preprocessing"})
    if gone is None:
        return None
    if there is not None:
        if there.flow or not there.entries or not in_text(there):
            return None
        start = there.entries[0].key.span.start
        gap = "\n" + " " * start.column
        insert = Edit(Span(start, start), "".join(line + gap for line in lines))
    else:
        first = root.entries[0].key.span.start
        body = "".join(f"\n  {line}" for line in lines)
        insert = Edit(Span(first, first), f"defaults:{body}\n")
    return Fix("Move it into defaults", (insert, *gone))
