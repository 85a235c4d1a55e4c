"""Telling about an older spelling, and the two commonest: a renamed key, and a name where a mapping now stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from declml_schema import older_spellings
from declml_schema.document import entries
from declml_schema.inspection import Inspection, replacement
from declml_schema.planned import planned_components
from declml_schema.problems import Fix, Severity, Span
from declml_schema.rewriting import copy_with, flow_text, in_text, renamed, text_of, word_at
from declml_schema.tree import Entry, MappingNode


def tell_older(inspection: Inspection, old: str, new: str, span: Span, path: str, *, fix: Fix | None = None) -> None:
    """Add the warning that ``old`` is an older spelling of ``new``."""
    tell(inspection, f"{old} is an older spelling of {new}.", span, path, fix=fix)


def tell(inspection: Inspection, message: str, span: Span, path: str, *, fix: Fix | None = None) -> None:
    """Add a warning about an older spelling that needs a sentence of its own."""
    inspection.add("legacy-spelling", message, span, path, severity=Severity.WARNING, fix=fix)


def rename_keys(inspection: Inspection, target: MappingNode, names: Mapping[str, str], path: str) -> MappingNode:
    """Return the mapping with older keys under their names of today; one whose new name is there too stays as it is."""
    listed = entries(target)
    present = {entry.key.text for entry in listed}
    if present.isdisjoint(names):
        return target
    answer: list[Entry] = []
    for entry in listed:
        old = entry.key.text
        new = names.get(old)
        if new is not None and new not in present:
            here = f"{path}.{old}" if path else old
            fix = replacement(entry.key.span, new, f"Change '{old}' to '{new}'") if in_text(entry.key) else None
            tell_older(inspection, f"'{old}'", f"'{new}'", entry.key.span, here, fix=fix)
            entry = renamed(entry, new)
        answer.append(entry)
    return copy_with(target, answer)


def with_type(inspection: Inspection, entry: Entry, path: str, feature: str | None = None) -> MappingNode:
    """Return ``{type: lstm}`` for an entry like ``encoder: lstm``. An unknown name is told later, and then alone."""
    value = text_of(entry.value)
    assert value is not None, "only called for text"
    text = f"{{type: {flow_text(inspection, value)}}}" if in_text(value) else ""
    fix = replacement(value.span, text, f"Write it as {text}") if text else None
    key = entry.key.text
    names = {*inspection.words.names(key, feature), *planned_components(key, feature), *older_spellings.ALL_LOSSES}
    if value.text in names:
        tell_older(inspection, f"'{key}: {value.text}'", f"'{key}: {{type: {value.text}}}'", value.span, path, fix=fix)
    made = MappingNode(value.start, value.end, flow=True)
    made.entries = [Entry(word_at(value, "type"), value)]
    return made


def quoted(names: Iterable[str]) -> str:
    """Return names as a sentence lists them."""
    return ", ".join(f"'{name}'" for name in names)
