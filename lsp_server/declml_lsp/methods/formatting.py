"""Formatting: the whole text, a range of it, and the indent of a new line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from lsprotocol import types

from declml_lsp.cursor import Kind, locate
from declml_lsp.layout import STEP, laid_out
from declml_lsp.levels import Level
from declml_lsp.meaning import ListMeaning, MappingMeaning, item_of, value_at
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.problems import Position, Span


def whole(session: Session, snapshot: Snapshot, _params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """Answer ``textDocument/formatting``."""
    return list(_edits(session, snapshot))


def of_range(session: Session, snapshot: Snapshot, params: types.DocumentRangeFormattingParams) -> list[types.TextEdit]:
    """Answer ``textDocument/rangeFormatting``: the edits of whole lines that begin in the range."""
    start, end = params.range.start.line, params.range.end.line
    return [each for each in _edits(session, snapshot) if start <= each.range.start.line <= end]


def _edits(session: Session, snapshot: Snapshot) -> Iterator[types.TextEdit]:
    """Yield the edits that lay a text out, a few lines each, so that the cursor and the folds stay where they are."""
    formatted = laid_out(snapshot.config)
    if formatted is None:
        name = snapshot.path.name if snapshot.path is not None else "The text"
        session.client.log(f"{name} was not formatted: it has errors, or a layout that cannot be changed safely.")
        return
    before, after = snapshot.lines, formatted.split("\n")
    end = snapshot.text.line_end
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for kind, start, stop, left, right in matcher.get_opcodes():
        if kind != "equal":
            yield _replace(snapshot, (start, stop), after[left:right], end)


def _replace(snapshot: Snapshot, lines: tuple[int, int], new: Sequence[str], end: str) -> types.TextEdit:
    start, stop = lines
    last = len(snapshot.lines)
    if stop < last:
        span = Span(Position(start, 0), Position(stop, 0))
        return types.TextEdit(snapshot.text.range(span), "".join(line + end for line in new))
    # Up to the end of the text, which no line break follows.
    if start == 0 or new:
        begin = Position(start, 0) if start < last else snapshot.text.end
        text = end.join(new) if start < last else end + end.join(new)
    else:
        begin, text = Position(start - 1, len(snapshot.lines[start - 1])), ""
    return types.TextEdit(snapshot.text.range(Span(begin, snapshot.text.end)), text)


def on_type(session: Session, snapshot: Snapshot, params: types.DocumentOnTypeFormattingParams) -> list[types.TextEdit]:
    """Answer ``textDocument/onTypeFormatting`` after a line break: indent the new line as what is above asks for."""
    number = params.position.line
    line = snapshot.text.line(number)
    if params.ch != "\n" or number == 0 or line.strip():
        return []
    wanted = _indent(session, snapshot, number)
    if wanted is None or wanted == line:
        return []
    span = Span(Position(number, 0), Position(number, len(line)))
    return [types.TextEdit(snapshot.text.range(span), wanted)]


def _indent(session: Session, snapshot: Snapshot, number: int) -> str | None:
    """Return how a new line begins below the line before it; None to leave it as the editor made it."""
    lines = snapshot.lines
    above = lines[number - 1]
    here = locate(lines, Position(number - 1, len(above)))
    if not above.strip() or here.flow or here.kind is Kind.COMMENT:
        return None
    if here.kind is Kind.VALUE:
        if here.prefix:
            return " " * here.indent if here.prefix not in ("|", ">", "|-", ">-") else None
        return " " * (here.indent + STEP) + _dash(session, snapshot, here.levels, here.key)
    return None


def _dash(session: Session, snapshot: Snapshot, levels: tuple[Level, ...], key: str) -> str:
    """Return a dash where a list of mappings begins, as in ``input_features``; an empty text elsewhere."""
    words = session.facts.words(snapshot)
    meaning = value_at(words, levels, key)
    if isinstance(meaning, ListMeaning) and isinstance(item_of(words, meaning), MappingMeaning):
        return "- "
    return ""
