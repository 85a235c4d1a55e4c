"""Everything that may be written at a place: a key, a value, an item, or the beginning of a block."""

from __future__ import annotations

from dataclasses import replace

from declml_lsp.completion.anchors import MERGE, alias_offers, merge_offers
from declml_lsp.completion.comments import comment_offers
from declml_lsp.completion.keys import key_offers
from declml_lsp.completion.offer import Offer, Rank, Shape
from declml_lsp.completion.place import Place
from declml_lsp.completion.skeletons import block_skeletons, item_skeletons
from declml_lsp.completion.values import value_offers, whole_lists
from declml_lsp.cursor import Kind
from declml_lsp.levels import Level
from declml_lsp.meaning import LeafMeaning, ListMeaning, MappingMeaning, Meaning, alternatives_in, item_of

_STEP = 2
_LINES_LOOKED_AT = 50


def offers_at(place: Place) -> list[Offer]:
    """Return what may be written at a place, each group in its own order."""
    cursor = place.cursor
    if cursor.kind is Kind.COMMENT:
        line = place.snapshot.text.line(cursor.span.start.line)
        return comment_offers(line[: cursor.span.start.column])
    if cursor.kind is Kind.VALUE:
        return _after_key(place, cursor.key)
    if cursor.kind is Kind.ITEM:
        dash = "- " if cursor.needs_dash else ""
        return _item(place, place.meaning, dash, cursor.indent + len(dash))
    if cursor.kind is Kind.KEY:
        return [*_key(place), *_next_item(place)]
    return []


def _key(place: Place) -> list[Offer]:
    """Return what may stand where the collection's first entries are, or one of its keys."""
    cursor, level = place.cursor, place.level
    shape = Shape(column=cursor.indent, flow=cursor.flow)
    meanings = [place.meaning] if place.meaning is not None else []
    if not level.keys and not cursor.has_colon and isinstance(level.step, str) and level.step:
        meanings = alternatives_in(place.words, place.outer, level.step, type_defaults=place.default_type)
        meanings = [place.meaning if type(each) is type(place.meaning) else each for each in meanings]  # it knows more
    answer: list[Offer] = []
    for meaning in meanings:
        if isinstance(meaning, MappingMeaning):
            answer += _keys(place, meaning, shape, level)
        elif isinstance(meaning, ListMeaning) and not cursor.flow:
            answer += _item(place, meaning, "- ", cursor.indent + _STEP)
        elif isinstance(meaning, LeafMeaning) and not cursor.flow:
            answer += value_offers(place, meaning, shape)  # a value may stand below its key
    return answer


def _keys(place: Place, meaning: MappingMeaning, shape: Shape, level: Level) -> list[Offer]:
    return [
        *key_offers(place, meaning, shape, level),
        *block_skeletons(place, meaning, shape, level),
        *merge_offers(place, meaning, shape, level),
    ]


def _next_item(place: Place) -> list[Offer]:
    """Return the next item of the list above a blank line, where it may stand at the indent of its own key."""
    key = place.cursor.open_key
    found = alternatives_in(place.words, place.meaning, key) if key else []
    listed = next((each for each in found if isinstance(each, ListMeaning)), None)
    return _item(place, listed, "- ", place.cursor.indent + _STEP) if listed is not None else []


def _item(place: Place, meaning: Meaning | None, dash: str, column: int) -> list[Offer]:
    """Return the items of a list; ``dash`` is written before each, ``column`` is where the item's keys stand."""
    if not isinstance(meaning, ListMeaning):
        return []
    flow = place.cursor.flow
    item = item_of(place.words, meaning)
    if isinstance(item, MappingMeaning):
        shape = Shape("{", "}", flow=True) if flow else Shape(dash, column=column)
        return [*key_offers(place, item, shape), *item_skeletons(place, item, shape), *_aliases(place, [item], dash)]
    if isinstance(item, LeafMeaning):
        return [*value_offers(place, item, Shape(dash, column=column, flow=flow)), *_aliases(place, [item], dash)]
    return []


def _after_key(place: Place, key: str) -> list[Offer]:
    if key == MERGE:
        return alias_offers(place, [place.meaning] if place.meaning is not None else [], Shape(flow=True))
    meanings = place.after(key)
    answer: list[Offer] = []
    for meaning in meanings:
        if isinstance(meaning, LeafMeaning):
            answer += value_offers(place, meaning, Shape(flow=place.cursor.flow))
        elif isinstance(meaning, ListMeaning):
            answer += _list_after_key(place, meaning)
        elif isinstance(meanings[0], LeafMeaning):  # beside a value, the beginning of a block is the less usual form
            answer += [replace(each, rank=max(each.rank, Rank.REST)) for each in _block_after_key(place, meaning)]
        else:
            answer += _block_after_key(place, meaning)
    return [*answer, *_aliases(place, meanings, "")]


def _list_after_key(place: Place, meaning: ListMeaning) -> list[Offer]:
    item = item_of(place.words, meaning)
    if isinstance(item, LeafMeaning):
        whole = list(whole_lists(meaning.schema, Shape(flow=True)))
        one = Shape("[", "]", flow=True)
        return [*whole, *(value_offers(place, item, one) if meaning.schema.get("minItems", 0) < 2 else ())]
    if not isinstance(item, MappingMeaning):
        return []
    if place.cursor.flow:
        shape = Shape("[{", "}]", flow=True)
    else:
        column = place.cursor.indent + _step(place)
        shape = Shape("\n" + " " * column + "- ", column=column + _STEP)
    return [*key_offers(place, item, shape), *item_skeletons(place, item, shape)]


def _block_after_key(place: Place, meaning: MappingMeaning) -> list[Offer]:
    """Return the beginning of a mapping: what its ``type`` may be where it has one, else its keys."""
    if place.cursor.flow:
        shape = Shape("{", "}", flow=True)
    else:
        column = place.cursor.indent + _step(place)
        shape = Shape("\n" + " " * column, column=column)
    chosen = [each for each in alternatives_in(place.words, meaning, "type") if isinstance(each, LeafMeaning)]
    if meaning.kind and chosen and chosen[0].words:
        return value_offers(place, chosen[0], shape, before="type: ")
    return key_offers(place, meaning, shape)


def _aliases(place: Place, meanings: list[Meaning], dash: str) -> list[Offer]:
    return alias_offers(place, meanings, Shape(dash, flow=True))


def _step(place: Place) -> int:
    """Return by how many columns the text indents a mapping below its key, as far as its first lines tell."""
    above = ""
    for line in place.snapshot.lines[:_LINES_LOOKED_AT]:
        content = line.lstrip(" ")
        if not content or content[0] == "#":
            continue
        if above.endswith(":") and content[:2] not in ("- ", "-"):
            first = above.lstrip(" -")
            step = len(line) - len(content) - (len(above) - len(first))
            if step > 0:
                return step
        above = line.rstrip()
    return _STEP
