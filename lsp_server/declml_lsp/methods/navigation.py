"""Definition, references, highlights and renaming of what has a name: features, anchors, plug-in components."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from declml_lsp.naming import ANCHOR, COMPONENT, FEATURE, Use, line_of, plugin_file, same, use_at, uses
from declml_lsp.quoting import as_scalar
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot

_ANCHOR_BREAKS = set(" \t,[]{}")


def define(session: Session, snapshot: Snapshot, params: types.DefinitionParams) -> list[types.Location]:
    """Answer ``textDocument/definition``: the feature's name, the anchor, or the line in the plug-in's file."""
    known, use = _at(session, snapshot, params.position)
    if use is None:
        return []
    if use.kind == COMPONENT:
        return _in_plugin(session, snapshot, use)
    return [_location(snapshot, each) for each in same(known, use) if each.defines]


def refer(session: Session, snapshot: Snapshot, params: types.ReferenceParams) -> list[types.Location]:
    """Answer ``textDocument/references``."""
    known, use = _at(session, snapshot, params.position)
    if use is None:
        return []
    with_definition = params.context.include_declaration
    return [_location(snapshot, each) for each in same(known, use) if with_definition or not each.defines]


def highlight(
    session: Session, snapshot: Snapshot, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    """Answer ``textDocument/documentHighlight``."""
    known, use = _at(session, snapshot, params.position)
    if use is None:
        return []
    kinds = {True: types.DocumentHighlightKind.Write, False: types.DocumentHighlightKind.Read}
    return [types.DocumentHighlight(snapshot.text.range(each.span), kinds[each.defines]) for each in same(known, use)]


def prepare_rename(
    session: Session, snapshot: Snapshot, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    """Answer ``textDocument/prepareRename``: the name that would be replaced, None where there is none."""
    _, use = _at(session, snapshot, params.position)
    if use is None or use.kind == COMPONENT:
        return None
    return types.PrepareRenamePlaceholder(snapshot.text.range(use.span), use.name)


def rename(session: Session, snapshot: Snapshot, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """Answer ``textDocument/rename``. A feature that is read from the column of its old name keeps reading it."""
    known, use = _at(session, snapshot, params.position)
    name = params.new_name.strip()
    if use is None or use.kind == COMPONENT or not name or name == use.name:
        return None
    if use.kind == ANCHOR and _ANCHOR_BREAKS & set(name):
        return None
    places = same(known, use)
    if any(each.kind == use.kind and each.name == name for each in known):
        session.client.log(f"'{use.name}' cannot be renamed to '{name}', which is there already.")
        return None
    edits = [_edit(snapshot, each, name) for each in places]
    edits += [edit for each in places if (edit := _column(snapshot, each)) is not None]
    return types.WorkspaceEdit(changes={snapshot.uri: edits})


def _at(session: Session, snapshot: Snapshot, place: types.Position) -> tuple[Sequence[Use], Use | None]:
    known = uses(session.facts.words(snapshot), snapshot)
    return known, use_at(known, snapshot.text.position(place))


def _location(snapshot: Snapshot, use: Use) -> types.Location:
    return types.Location(snapshot.uri, snapshot.text.range(use.span))


def _in_plugin(session: Session, snapshot: Snapshot, use: Use) -> list[types.Location]:
    listed = session.checked(snapshot).top_level("code")
    names: list[object] = [*listed] if isinstance(listed, list) else [listed]
    files = [snapshot.folder / str(name) for name in names if name]
    file = plugin_file(use.word, files) if use.word is not None else None
    if file is None:
        return []
    start = types.Position(line_of(file, use.word), 0) if use.word is not None else types.Position(0, 0)
    return [types.Location(Path(file).absolute().as_uri(), types.Range(start, start))]


def _edit(snapshot: Snapshot, use: Use, name: str) -> types.TextEdit:
    if use.kind == ANCHOR or use.node is None:
        return types.TextEdit(snapshot.text.range(use.span), name)
    return types.TextEdit(snapshot.text.range(use.node.span), as_scalar(name))


def _column(snapshot: Snapshot, use: Use) -> types.TextEdit | None:
    """Return the line ``column: old name`` below a block-style feature's name that has no column of its own."""
    if use.kind != FEATURE or not use.defines or use.node is None:
        return None
    line = snapshot.text.line(use.node.start_line)
    key = line.find("name")
    is_block = line.strip().startswith(("- name", "name"))
    if not is_block or key < 0 or _has_column(snapshot, use.node.start_line, key):
        return None
    end = types.Position(use.node.start_line + 1, 0)
    margin = " " * key
    if use.node.start_line + 1 >= len(snapshot.text.lines):
        here = snapshot.text.range(use.node.span).end
        return types.TextEdit(types.Range(here, here), f"{snapshot.text.line_end}{margin}column: {as_scalar(use.name)}")
    return types.TextEdit(types.Range(end, end), f"{margin}column: {as_scalar(use.name)}{snapshot.text.line_end}")


def _has_column(snapshot: Snapshot, number: int, margin: int) -> bool:
    """Return whether the lines below, as long as they belong to the same mapping, give a column."""
    for line in snapshot.lines[number + 1 :]:
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent < margin:
            return False
        if indent == margin and line.strip().startswith("column:"):
            return True
    return False
