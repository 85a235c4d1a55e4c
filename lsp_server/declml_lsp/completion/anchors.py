"""Aliases of anchors: ``*name`` as a value, and the merge ``<<: *name`` where the anchored keys fit."""

from __future__ import annotations

from declml_lsp.completion.anchored import Anchored, anchors
from declml_lsp.completion.offer import Kind, Offer, Rank, Shape
from declml_lsp.completion.place import Place
from declml_lsp.levels import Level
from declml_lsp.meaning import LeafMeaning, MappingMeaning, Meaning, alternatives_in

MERGE = "<<"


def alias_offers(place: Place, meanings: list[Meaning], shape: Shape) -> list[Offer]:
    """Return the anchors that may stand for a value, those that fit first; all only where a ``*`` is typed."""
    if "&" not in place.snapshot.config:
        return []
    is_asked = place.cursor.prefix[:1] == "*"
    answer: list[Offer] = []
    for each in _before(place):
        fits = any(_fits(place, each, meaning) for meaning in meanings)
        if fits or is_asked:
            answer.append(_offer(each, f"*{each.name}", shape, Rank.REST if fits else Rank.SELDOM))
    return answer


def merge_offers(place: Place, meaning: MappingMeaning, shape: Shape, level: Level) -> list[Offer]:
    """Return the merges of a mapping that may begin here."""
    if MERGE in level.keys or "&" not in place.snapshot.config or "*" in meaning.properties:
        return []
    if place.cursor.has_colon:
        return []
    return [
        _offer(each, f"{MERGE}: *{each.name}", shape, Rank.SELDOM)
        for each in _before(place)
        if each.is_mapping and _fits(place, each, meaning)
    ]


def _before(place: Place) -> list[Anchored]:
    """Return the anchors above the cursor: an alias knows no others."""
    line = place.cursor.span.start.line
    return [each for each in anchors(place.snapshot.lines) if each.line <= line]


def _fits(place: Place, anchored: Anchored, meaning: Meaning) -> bool:
    if isinstance(meaning, LeafMeaning):
        return anchored.value is not None
    if not isinstance(meaning, MappingMeaning) or not anchored.is_mapping:
        return False
    known = set(anchored.keys) <= {*meaning.properties}
    return known and anchored.scalars.get("type") in (None, *_types(place, meaning))


def _types(place: Place, meaning: MappingMeaning) -> list[str]:
    """Return what the key ``type`` of a mapping may say."""
    found = alternatives_in(place.words, meaning, "type")
    return [word.name for each in found if isinstance(each, LeafMeaning) for word in each.words]


def _offer(anchored: Anchored, text: str, shape: Shape, rank: Rank) -> Offer:
    said = f"line {anchored.line + 1}"
    holds = ", ".join(f"`{key}`" for key in anchored.keys) or (f"`{anchored.value}`" if anchored.value else "")
    doc = f"What `&{anchored.name}` on line {anchored.line + 1} stands for{f': {holds}' if holds else ''}."
    return Offer(text, (text,), shape, Kind.Reference, rank, said, doc)
