"""Items with more than one word: what a new block must have, with places to fill in, and a column's whole feature."""

from __future__ import annotations

from functools import partial

from declml_lsp.completion.keys import is_collection
from declml_lsp.completion.offer import Kind, Offer, Rank, Shape
from declml_lsp.completion.outline import outline
from declml_lsp.completion.place import Place
from declml_lsp.completion.references import MOST, columns
from declml_lsp.completion.wording import column_brief, column_doc
from declml_lsp.levels import Level
from declml_lsp.meaning import LeafMeaning, ListMeaning, MappingMeaning, Meaning, alternatives_in, item_of
from declml_lsp.quoting import as_scalar

_MOST_CHOICES = 30


def block_skeletons(place: Place, meaning: MappingMeaning, shape: Shape, level: Level) -> list[Offer]:
    """Return, for each key that leads to a block, the key with what that block must have."""
    if not place.client.snippets or shape.flow or place.cursor.has_colon or "*" in meaning.properties:
        return []
    answer: list[Offer] = []
    for name, schema in meaning.properties.items():
        if name in level.keys or not is_collection(schema):
            continue
        inner = alternatives_in(place.words, meaning, name, type_defaults=place.default_type)
        lines = _inside(place, inner[0]) if inner else []
        if lines:
            must = name in meaning.required
            rank = Rank.REQUIRED if must else Rank.COMMON if schema.get("x-common") else Rank.REST
            answer.append(
                Offer(
                    f"{name} …",
                    (f"{name}:", *(f"  {line}" for line in lines)),
                    shape,
                    Kind.Snippet,
                    rank,
                    "a block to fill in",
                    schema.get("description", ""),
                    snippet=True,
                    match=name,
                )
            )
    return answer


def item_skeletons(place: Place, meaning: MappingMeaning, shape: Shape) -> list[Offer]:
    """Return a new item of a list of mappings: with places to fill in, and for each column that no feature reads."""
    answer: list[Offer] = []
    lines = _lines(place, meaning)
    if place.client.snippets and lines:
        label = f"{', '.join(line.partition(':')[0] for line in lines)} …"
        answer.append(
            Offer(
                label,
                tuple(lines),
                shape,
                Kind.Snippet,
                Rank.REQUIRED,
                "an item to fill in",
                meaning.doc,
                snippet=True,
                match=lines[0].partition(":")[0],
            )
        )
    if meaning.section == "feature":
        answer += _unread_columns(place, meaning.side, shape)
    return answer


def _unread_columns(place: Place, side: str, shape: Shape) -> list[Offer]:
    known = columns(place)
    if not known:
        return []
    types = place.words.names(side)
    used = {each.column for each in outline(place.snapshot).named()}
    answer: list[Offer] = []
    for name, column in known.items():
        kind = column.get("feature_type")
        if name not in used and kind in types:
            answer.append(
                Offer(
                    name,
                    (f"name: {as_scalar(name)}", f"type: {kind}"),
                    shape,
                    Kind.Field,
                    Rank.COMMON,
                    f"{kind}: {column_brief(column)}",
                    partial(column_doc, column),
                )
            )
    if len(answer) > MOST:
        place.is_cut = True
        typed = place.cursor.prefix.casefold()
        answer = [offer for offer in answer if typed in offer.label.casefold()][:MOST]
    return answer


def _inside(place: Place, meaning: Meaning) -> list[str]:
    """Return the lines inside a new block, without the indent that they all have; none where it needs nothing."""
    if isinstance(meaning, ListMeaning):
        item = item_of(place.words, meaning)
        lines = _lines(place, item) if isinstance(item, MappingMeaning) else []
        return [f"{'  ' if index else '- '}{line}" for index, line in enumerate(lines)]
    return _lines(place, meaning) if isinstance(meaning, MappingMeaning) else []


def _lines(place: Place, meaning: MappingMeaning) -> list[str]:
    """Return the keys that a mapping must have, or the first that is usually set, each with a place for its value."""
    names = [name for name in meaning.properties if name in meaning.required and name != "*"]
    names.sort(key=list(meaning.required).index)
    if meaning.kind and "type" in meaning.properties:
        names = ["type", *(name for name in names if name != "type")]
    if not names:
        common = [name for name, schema in meaning.properties.items() if schema.get("x-common")]
        names = common[:1]
    lines: list[str] = []
    for number, name in enumerate(names, start=1):
        inner = alternatives_in(place.words, meaning, name)
        if inner and not isinstance(inner[0], LeafMeaning):
            return []
        lines.append(f"{name}: {_blank(inner[0] if inner else None, number)}")
    return lines


def _blank(leaf: Meaning | None, number: int) -> str:
    """Return the place for a value in the syntax of snippets (LSP 3.17, `Snippet Syntax`)."""
    words = dict.fromkeys(word.name for word in leaf.words) if isinstance(leaf, LeafMeaning) else {}
    if isinstance(leaf, LeafMeaning) and leaf.schema.get("default") in words:
        words = {leaf.schema["default"]: None, **words}  # what is in force without it comes first
    if 1 < len(words) <= _MOST_CHOICES:
        return f"${{{number}|{','.join(words)}|}}"
    return f"${{{number}:{next(iter(words))}}}" if words else f"${number}"
