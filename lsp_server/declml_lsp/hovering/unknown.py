"""A word that nothing is called: what it most likely means, or that it is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from declml_lsp.hovering.look import Look
from declml_lsp.meaning import MappingMeaning
from declml_schema import older_spellings as older
from declml_schema.planned import planned_components, planned_keys, planned_parameters, planned_preprocessing
from declml_schema.suggest import nearest

_OLDER: Mapping[str, str] = {
    **older.SCHEDULER, **older.TRAINER, **older.PREPROCESSING, **older.COMPONENT, **older.FEATURE, **older.TOP_LEVEL,
}  # fmt: skip


def meant_key(look: Look, owner: MappingMeaning, key: str) -> tuple[str | None, str]:
    """Return the key that ``key`` most likely means in ``owner``, if any, and the sentence that says so."""
    code = look.ink.code
    if _OLDER.get(key) in owner.properties:
        return _OLDER[key], f"{code(key)} is the older name of {code(_OLDER[key])}."
    planned = _planned_keys(owner)
    if key in planned:
        return None, f"{code(key)} is a word of Ludwig's that declml does not build yet."
    near = nearest(key, [*owner.properties, *planned])
    if near is None:
        return None, ""
    if near in planned and near not in owner.properties:
        return None, f"Most likely {code(near)}, a word of Ludwig's that declml does not build yet."
    return near, f"{code(key)} most likely means {code(near)}."


def meant_name(look: Look, kind: str, name: str, feature: str | None) -> tuple[str | None, str]:
    """Return the component that ``name`` most likely means, if any, and the sentence that says so."""
    code = look.ink.code
    if kind in ("input", "output") and name in older.FEATURE_TYPES:
        return older.FEATURE_TYPES[name], f"{code(name)} is the older name of {code(older.FEATURE_TYPES[name])}."
    if kind == "loss" and name in older.LOSSES.get(feature or "", {}):
        today = older.LOSSES[feature or ""][name]
        return today, f"{code(name)} is the older name of {code(today)}."
    planned = planned_components(kind, feature)
    known = look.words.names(kind, feature)
    if name in planned:
        return None, f"{code(name)} is a word of Ludwig's that declml does not build yet. {_there_are(look, known)}"
    near = nearest(name, [*known, *planned])
    if near is None or near not in known:
        return None, _there_are(look, known)
    return near, f"{code(name)} most likely means {code(near)}."


def _there_are(look: Look, names: Iterable[str]) -> str:
    listed = ", ".join(look.ink.code(name) for name in names)
    return f"There are {listed}." if listed else ""


def _planned_keys(owner: MappingMeaning) -> list[str]:
    if owner.section == "feature_preprocessing":
        return list(planned_preprocessing(owner.feature or ""))
    if owner.section == "feature":
        return list(planned_components(owner.side).get(owner.feature or "", ()))
    if owner.kind and owner.word is not None:
        return list(planned_parameters(owner.kind, owner.word.name, owner.feature))
    return list(planned_keys(owner.section)) if owner.section else []
