"""A component (an encoder, a combiner, a loss, ...) or a section: its sentence, its figures, and what acts in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from declml_lsp.hovering.look import Look
from declml_lsp.hovering.network import part_lines
from declml_lsp.hovering.parameter import is_open, origin_text, resolved
from declml_schema.in_force import BUILT_IN, DEFAULTS, HERE, InForce
from declml_schema.vocabulary import Word

_MOST_ROWS = 10
_MOST_NAMES = 10

Json = Mapping[str, Any]


def component_parts(
    look: Look, word: Word, *, kind: str, path: str, feature: str | None, name: str | None
) -> list[str]:
    """Return what there is to say of the component chosen at ``path``, for the feature ``name`` of a type, if any."""
    ink = look.ink
    what = f"{kind} of a {feature} feature" if feature is not None else kind
    parts = [ink.title(word.name, what), ink.sentence(word.doc)]
    force = look.force(path)
    acts = force is not None and force.word is word
    lines = part_lines(look, path, name) if acts else []
    if acts and force is not None and force.chosen != HERE:
        where = f"by {ink.code('defaults')}" if force.chosen == DEFAULTS else "as the default"
        lines.insert(0, f"Chosen {where}")
    if lines:
        parts.append(ink.items(lines))
    parts += parameters_parts(look, word.properties, force if acts else None, path=path)
    others = [each for each in look.words.names(kind, feature) if each != word.name]
    if others:
        more = f" and {len(others) - _MOST_NAMES} more" if len(others) > _MOST_NAMES else ""
        parts.append(f"Others: {', '.join(ink.code(each) for each in others[:_MOST_NAMES])}{more}.")
    return parts


def choice_parts(look: Look, words: Sequence[Word], *, title: str, doc: str) -> list[str]:
    """Return the components that may stand at a place, each with its sentence."""
    ink = look.ink
    unique = {word.name: word for word in words}
    shown = [f"{ink.code(name)} {ink.sentence(word.doc)}" for name, word in unique.items()]
    parts = [ink.title(title)]
    if doc:
        parts.append(ink.sentence(doc))
    return [*parts, ink.items(shown)] if shown else parts


def section_parts(look: Look, *, title: str, doc: str, properties: Json, path: str) -> list[str]:
    """Return what a section is for and what is in force in it."""
    ink = look.ink
    parts = [ink.title(title)]
    if doc:
        parts.append(ink.sentence(doc))
    return parts + parameters_parts(look, properties, look.force(path), path=path)


def parameters_parts(look: Look, properties: Json, force: InForce | None, *, path: str) -> list[str]:
    """Return a table of parameters with the values in force: those that somebody chose first, then common ones."""
    if force is None:
        return []
    ink = look.ink
    names = [name for name in properties if name in force.values and not isinstance(force.values[name], Mapping)]
    chosen = [name for name in names if force.origins.get(name, BUILT_IN) != BUILT_IN]
    common = [name for name in names if name not in chosen and properties[name].get("x-common")]
    shown = [*chosen, *common][:_MOST_ROWS]
    if not shown:
        shown = names[:_MOST_ROWS] if len(names) <= _MOST_ROWS else []
    rows = list(_rows(look, shown, force, path))
    left = len(names) - len(shown)
    parts = [ink.table(("parameter", "in force", "from"), rows)] if rows else []
    if left and rows:
        parts.append(f"{left} more {'is' if left == 1 else 'are'} at {'its' if left == 1 else 'their'} defaults.")
    elif left:
        parts.append(f"All {left} parameters are at their defaults.")
    return parts


def _rows(look: Look, names: Sequence[str], force: InForce, path: str) -> Iterator[tuple[str, str, str]]:
    for name in names:
        value, origin = force.values[name], force.origins.get(name, BUILT_IN)
        becomes = resolved(look, f"{path}.{name}") if is_open(value) else None
        shown = look.ink.value(value) if becomes is None else f"{look.ink.value(value)} → {look.ink.value(becomes)}"
        yield look.ink.code(name), shown, origin_text(look, origin)
