"""Another component in the place of the one that is chosen, with the parameters that still apply."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from declml_lsp.actions.proposal import Proposal, Request, flow_edit, removals, written
from declml_lsp.levels import Level
from declml_lsp.meaning import MappingMeaning, meaning_of
from declml_lsp.naming import inner_span
from declml_lsp.walk import Found, walked
from declml_schema.problems import Edit, Span
from declml_schema.tree import Entry, MappingNode, Scalar
from declml_schema.vocabulary import Vocabulary, Word

_MOST = 20


def switches(request: Request) -> Iterator[Proposal]:
    """Yield one proposal for each other component that fits where the cursor stands in a chosen one."""
    words = request.session.facts.words(request.snapshot)
    for found in walked(words, request.snapshot):
        node, meaning = found.spot.node, found.meaning
        if not isinstance(meaning, MappingMeaning) or not meaning.kind or not isinstance(node, MappingNode):
            continue
        key = found.spot.entry.key if found.spot.entry is not None else None
        start = key.span.start if key is not None else node.span.start
        if request.touches(Span(start, node.span.end)) and not _is_inside_another(request, node):
            yield from _switches(request, words, found, node, meaning)


def _is_inside_another(request: Request, node: MappingNode) -> bool:
    """Return whether the cursor is in a mapping further inside: then that one is meant."""
    return any(
        isinstance(entry.value, MappingNode) and request.touches(entry.value.span) and not node.flow
        for entry in node.entries
    )


def _switches(
    request: Request, words: Vocabulary, found: Found, node: MappingNode, meaning: MappingMeaning
) -> Iterator[Proposal]:
    chosen = meaning.word.name if meaning.word is not None else ""
    if not node.entries:
        return  # nothing is chosen yet
    others = [word for word in words.words(meaning.kind, meaning.feature) if word.name != chosen]
    others.sort(key=lambda word: "package" in word.facts)  # what has to be installed for it comes last
    type_key = "decay" if meaning.section == "scheduler" else "type"
    own = {*_own_keys(words, meaning), type_key}
    for word in others[:_MOST]:
        dropped = [each for each in node.entries if each.key.text not in own and each.key.text not in word.properties]
        names = ", ".join(each.key.text for each in dropped)
        loses = f" (drops {names})" if names else ""
        yield Proposal(
            f"switch:{found.spot.path}:{word.name}",
            f"Switch {meaning.kind} to '{word.name}'{loses}",
            types.CodeActionKind.RefactorRewrite,
            lambda word=word, dropped=dropped: _edits(request, node, type_key, word, dropped),
        )


def _own_keys(words: Vocabulary, meaning: MappingMeaning) -> set[str]:
    """Return the keys that stay whatever is chosen: those of the mapping itself, as of a scheduler."""
    if meaning.section != "scheduler":
        return {"<<"}
    bare = meaning_of(words, (Level(), Level("trainer"), Level("learning_rate_scheduler")))
    return {"<<", *(bare.properties if isinstance(bare, MappingMeaning) else ())}


def _edits(request: Request, node: MappingNode, type_key: str, word: Word, dropped: list[Entry]) -> list[Edit]:
    snapshot, choice = request.snapshot, f"{type_key}: {word.name}"
    kept = [each for each in node.entries if each not in dropped]
    chosen = next((each for each in kept if each.key.text == type_key), None)
    if node.flow:
        pieces = [choice if each is chosen else written(snapshot, each) for each in kept]
        return [flow_edit(node, pieces if chosen is not None else [choice, *pieces])]
    if not kept:
        first = node.entries[0].key.span.start
        return [Edit(Span(first, max(each.value.span.end for each in node.entries)), choice)]
    edits = removals(snapshot, node, dropped)
    if chosen is not None and isinstance(chosen.value, Scalar):
        return [Edit(inner_span(chosen.value), word.name), *edits]
    start = kept[0].key.span.start
    return [Edit(Span(start, start), f"{choice}\n{' ' * start.column}"), *edits]
