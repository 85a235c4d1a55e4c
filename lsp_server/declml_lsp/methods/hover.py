"""Hover: what stands under the pointer, what is in force there, and what changed since the last run."""

from __future__ import annotations

from lsprotocol import types

from declml_lsp.hovering.changed import key_changes, whole_changes
from declml_lsp.hovering.describe import describe, model_parts, path_of_target
from declml_lsp.hovering.ink import Ink
from declml_lsp.hovering.look import Look
from declml_lsp.hovering.target import Target, target_at
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.document import resolve
from declml_schema.problems import Position, Span
from declml_schema.tree import MappingNode, Scalar, SequenceNode

_HEAD = 2


def respond(session: Session, snapshot: Snapshot, params: types.HoverParams) -> types.Hover | None:
    """Answer ``textDocument/hover``: on the first line, with the whole config and what changed in it."""
    position = snapshot.text.position(params.position)
    target = target_at(snapshot.root, snapshot.lines, position)
    look = Look(session, snapshot, Ink(markdown=_takes_markdown(session)))
    parts = [] if target is None else _target_parts(look, target)
    if position.line == _first_line(snapshot.lines) or position.line == 0:
        parts += [*whole_changes(look), *([] if _tells_the_model(target) else model_parts(look))]
    if not parts:
        return None
    kind = types.MarkupKind.Markdown if look.ink.markdown else types.MarkupKind.PlainText
    span = target.span if target is not None else _line(snapshot, position)
    return types.Hover(types.MarkupContent(kind, "\n\n".join(parts)), snapshot.text.range(span))


def _target_parts(look: Look, target: Target) -> list[str]:
    levels, step = path_of_target(target)
    # A key that was left with nothing tells of the sections that stood below it.
    node = resolve(target.spot.node)
    is_section = isinstance(node, MappingNode | SequenceNode) or (isinstance(node, Scalar) and node.value is None)
    on_section = target.on_key and is_section
    parts = describe(look, target)
    # After the title and its sentence: a small hover window shows no more without scrolling.
    parts[_HEAD:_HEAD] = key_changes(look, levels, step, on_section=on_section)
    return parts


def _tells_the_model(target: Target | None) -> bool:
    """Return whether the entry itself is one that tells of the whole network."""
    return target is not None and target.spot.path in ("input_features", "output_features")


def _first_line(lines: list[str]) -> int:
    """Return the first line that says something."""
    return next((number for number, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#"), 0)


def _line(snapshot: Snapshot, position: Position) -> Span:
    line = snapshot.text.line(position.line)
    return Span(Position(position.line, 0), Position(position.line, len(line)))


def _takes_markdown(session: Session) -> bool:
    text_document = session.capabilities.text_document
    hovers = text_document.hover if text_document is not None else None
    return types.MarkupKind.Markdown in (hovers.content_format or ()) if hovers is not None else False
