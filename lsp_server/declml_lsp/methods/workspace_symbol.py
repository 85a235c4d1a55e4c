"""workspace/symbol: features of every open config, and the runs of their projects."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from declml.runs.find import run_folders
from declml_lsp.methods.document_symbol import outline
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_lsp.written import Json

MOST = 400


def respond(session: Session, params: types.WorkspaceSymbolParams) -> list[types.SymbolInformation]:
    """Return what a query fits: its letters in their order, as editors match."""
    query = params.query.casefold()
    found = [*_features(session), *_runs(session)]
    return [each for each in found if fits(query, each.name.casefold())][:MOST]


def fits(query: str, name: str) -> bool:
    """Return whether the letters of ``query`` stand in ``name`` in their order."""
    letters = iter(name)
    return all(letter in letters for letter in query if not letter.isspace())


def _features(session: Session) -> Iterator[types.SymbolInformation]:
    for snapshot in [*session.snapshots.values()]:
        for section in outline(snapshot):
            if section["name"] in ("input_features", "output_features"):
                for each in section.get("children", ()):
                    yield _symbol(snapshot, each, section["name"])


def _symbol(snapshot: Snapshot, feature: Json, section: str) -> types.SymbolInformation:
    name = f"{feature['name']} ({feature['detail']})" if feature.get("detail") else feature["name"]
    file = snapshot.path.name if snapshot.path is not None else "untitled"
    start, end = (types.Position(**feature["selectionRange"][side]) for side in ("start", "end"))
    location = types.Location(snapshot.uri, types.Range(start, end))
    return types.SymbolInformation(location, name, types.SymbolKind.Field, container_name=f"{file} · {section}")


def _runs(session: Session) -> Iterator[types.SymbolInformation]:
    roots = {session.runs_root(each) for each in [*session.snapshots.values()]} or {session.runs_root()}
    start = types.Range(types.Position(0, 0), types.Position(0, 0))
    for root in sorted(roots):
        for folder in reversed(run_folders(root)):
            location = types.Location((folder / "config.yaml").as_uri(), start)
            yield types.SymbolInformation(
                location, f"run {folder.name}", types.SymbolKind.Event, container_name=folder.parent.name
            )
