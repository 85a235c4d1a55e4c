"""textDocument/semanticTokens: what no grammar can know: feature names, columns, components, metrics, choices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsprotocol import types

from declml_lsp.meaning import LeafMeaning, MappingMeaning
from declml_lsp.naming import inner_span
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.walk import Found, walked
from declml_schema.problems import Span
from declml_schema.tree import Scalar

_TYPES = ("variable", "parameter", "type", "class", "enumMember", "function", "property")
_MODIFIERS = ("declaration", "deprecated", "defaultLibrary")
LEGEND = types.SemanticTokensLegend(list(_TYPES), list(_MODIFIERS))

_OF_REFERENCE = {
    "input_feature": "variable",
    "output_feature": "variable",
    "column": "parameter",
    "metric": "function",
}


@dataclass(frozen=True, slots=True, order=True)
class _Token:
    span: Span
    kind: str
    modifiers: int = 0


def full(session: Session, snapshot: Snapshot, _params: types.SemanticTokensParams) -> types.SemanticTokens:
    """Return the tokens of the whole text."""
    return types.SemanticTokens(_encode(snapshot, list(_tokens(session, snapshot))))


def of_range(session: Session, snapshot: Snapshot, params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
    """Return the tokens of a part of the text."""
    area = snapshot.text.span(params.range)
    inside = [each for each in _tokens(session, snapshot) if area.start <= each.span.start <= area.end]
    return types.SemanticTokens(_encode(snapshot, inside))


def _tokens(session: Session, snapshot: Snapshot) -> Iterator[_Token]:
    for found in walked(session.facts.words(snapshot), snapshot):
        token = _token(found)
        if token is not None and token.span.start.line == token.span.end.line:
            yield token


def _token(found: Found) -> _Token | None:
    scalar, owner = found.scalar, found.owner
    if found.spot.entry is not None and isinstance(owner, MappingMeaning) and owner.section == "metrics":
        return _Token(inner_span(found.spot.entry.key), "variable")
    if scalar is None or not scalar.text:
        return None
    if isinstance(owner, MappingMeaning) and owner.section == "feature" and found.spot.step == "name":
        return _Token(inner_span(scalar), "variable", 1)
    kind = _kind(found, scalar)
    return _Token(inner_span(scalar), *kind) if kind is not None else None


def _kind(found: Found, scalar: Scalar) -> tuple[str, int] | None:
    meaning = found.meaning
    if not isinstance(meaning, LeafMeaning) or not isinstance(scalar.value, str):
        return None
    if meaning.words:
        word = next((each for each in meaning.words if each.name == scalar.value), None)
        if word is None:
            return None
        return ("class", 0) if word.module.startswith("plugin:") else ("type", 4)
    if meaning.reference in _OF_REFERENCE:
        return _OF_REFERENCE[meaning.reference], 0
    choices = [each for branch in meaning.schema.get("anyOf", (meaning.schema,)) for each in branch.get("enum", ())]
    return ("enumMember", 0) if scalar.value in choices else None


def _encode(snapshot: Snapshot, tokens: list[_Token]) -> list[int]:
    """Return tokens as the protocol packs them: line and start relative to the one before (LSP 3.17)."""
    answer: list[int] = []
    line = start = 0
    for token in sorted(tokens):
        area = snapshot.text.range(token.span)
        same_line = area.start.line == line
        answer += [
            area.start.line - line,
            area.start.character - (start if same_line else 0),
            area.end.character - area.start.character,
            _TYPES.index(token.kind),
            token.modifiers,
        ]
        line, start = area.start.line, area.start.character
    return answer
