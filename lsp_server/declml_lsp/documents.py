"""Keeps the session's snapshots in step with the client's documents: files, unsaved buffers and notebook cells."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from lsprotocol import types
from pygls.workspace import Workspace

from declml_lsp.protocol import ConfigDocument
from declml_lsp.session import Session, snapshot_of
from declml_lsp.snapshot import Snapshot


class Documents:
    """Makes a snapshot of each new version of a config.

    ``on_change`` is told of each, and whether it was just opened; ``on_end`` of the address and version of what is a
    config no more.
    """

    def __init__(
        self,
        session: Session,
        workspace: Callable[[], Workspace],
        *,
        on_change: Callable[[Snapshot, bool], None],
        on_end: Callable[[str, int | None], None],
    ) -> None:
        self._session = session
        self._workspace = workspace
        self._on_change = on_change
        self._on_end = on_end
        self._notebook_of: dict[str, str] = {}

    async def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        """Take a document."""
        self._take(params.text_document.uri, opened=True)

    async def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        """Take a new version of it."""
        self._take(params.text_document.uri)

    async def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget it."""
        self._drop(params.text_document.uri, None)

    async def notebook_opened(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Take the cells of a notebook."""
        for cell in params.cell_text_documents:
            self._take_cell(cell.uri, params.notebook_document.uri)

    async def notebook_changed(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Take new and changed cells, and forget those that were deleted."""
        cells = params.change.cells
        if cells is None:
            return
        if cells.structure is not None:
            for cell in cells.structure.did_close or ():
                self._drop(cell.uri, None)
            for cell in cells.structure.did_open or ():
                self._take_cell(cell.uri, params.notebook_document.uri)
        for change in cells.text_content or ():
            self._take(change.document.uri)

    async def notebook_closed(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget its cells."""
        for cell in params.cell_text_documents:
            self._drop(cell.uri, None)

    def _take_cell(self, uri: str, notebook: str) -> None:
        self._notebook_of[uri] = notebook
        self._take(uri, opened=True)

    def _take(self, uri: str, *, opened: bool = False) -> None:
        document = self._workspace().text_documents.get(unquote(uri))
        if not isinstance(document, ConfigDocument):
            return  # it was closed meanwhile
        snapshot = snapshot_of(
            uri,
            document.version,
            document.text(),
            language=document.language_id or "",
            notebook=self._notebook_of.get(uri),
        )
        if snapshot is None:
            self._end(uri, document.version)
            return
        self._session.snapshots[uri] = snapshot
        self._on_change(snapshot, opened)

    def _drop(self, uri: str, version: int | None) -> None:
        self._notebook_of.pop(uri, None)
        self._end(uri, version)

    def _end(self, uri: str, version: int | None) -> None:
        if self._session.snapshots.pop(uri, None) is not None:
            self._session.facts.forget(uri)
            self._on_end(uri, version)
