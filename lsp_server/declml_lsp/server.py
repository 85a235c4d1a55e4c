"""The server: which requests it answers, by whom, and in what time. The whole surface is on this page.

A handler is a plain function from an immutable snapshot to an answer. It runs in threads of the server's own (pygls
reads its input through its pool, which must never be full), has a deadline, and one that fails costs its own answer
only.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter
from pygls.uris import to_fs_path

from declml_lsp.methods import diagnostics
from declml_lsp.protocol import ConfigDocument, ConfigProtocol
from declml_lsp.publishing import Publisher
from declml_lsp.session import Session, snapshot_of
from declml_lsp.settings import SECTION, Settings, read_settings
from declml_lsp.snapshot import Snapshot

LOG = logging.getLogger("declml")
ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Method:
    """A request about one document, answered from its snapshot.

    ``options`` are declared to the client. ``empty`` is the answer for a document that is no config and after a
    failure, ``late`` the one when ``seconds`` have passed.
    """

    name: str
    answer: Callable[[Session, Snapshot, Any], Any]
    options: Any = None
    empty: Any = None
    late: Any = None
    seconds: float = ANSWER_SECONDS


SURFACE: tuple[Method, ...] = (
    Method(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        diagnostics.pull,
        types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier="declml"),
        empty=types.RelatedFullDocumentDiagnosticReport(items=[]),
    ),
)
"""What is asked of one document."""

WORKSPACE_SURFACE: tuple[tuple[str, Callable[[Session, Any], Any], Any], ...] = ()
"""What is asked of no document: the method, its answer, the options."""

_REFRESHES = (
    (("workspace", "code_lens", "refresh_support"), "workspace_code_lens_refresh_async"),
    (("workspace", "inlay_hint", "refresh_support"), "workspace_inlay_hint_refresh_async"),
    (("workspace", "semantic_tokens", "refresh_support"), "workspace_semantic_tokens_refresh_async"),
    (("workspace", "diagnostics", "refresh_support"), "workspace_diagnostic_refresh_async"),
)


class DeclmlServer(LanguageServer):
    """The language server of one client."""

    def __init__(self, *, version: str) -> None:
        cells = types.NotebookDocumentFilterWithCells(cells=[types.NotebookCellLanguage(language="*")])
        super().__init__(
            "declml",
            version,
            notebook_document_sync=types.NotebookDocumentSyncOptions(notebook_selector=[cells]),
            protocol_cls=ConfigProtocol,
            converter_factory=default_converter,
        )
        self.session = Session(self)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answers = ThreadPoolExecutor(2, thread_name_prefix="answer")
        self._analysis = ThreadPoolExecutor(1, thread_name_prefix="analysis")
        self._publisher = Publisher(self._diagnose, self.text_document_publish_diagnostics)
        self._told: set[str] = set()
        self._refreshing = False
        self._background: set[asyncio.Task[Any]] = set()
        for method in SURFACE:
            self._serve(method)
        for name, answer, options in WORKSPACE_SURFACE:
            self._serve_workspace(name, answer, options)
        self._serve_events()

    # What the session asks of the client, from any thread.

    def refresh(self, uri: str) -> None:
        """Show anew what depends on more than a document's text; an empty ``uri`` means all documents."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._refresh, uri)

    def log(self, message: str) -> None:
        """Write a line into the client's log."""
        self._from_any_thread(lambda: self.window_log_message(types.LogMessageParams(types.MessageType.Info, message)))

    def notify(self, method: str, params: Any) -> None:
        """Send a notification of our own."""
        self._from_any_thread(lambda: self.protocol.notify(method, params))

    def _from_any_thread(self, act: Callable[[], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    # Requests.

    def _serve(self, method: Method) -> None:
        async def respond(params: Any) -> Any:
            snapshot = self.session.snapshots.get(params.text_document.uri)
            if snapshot is None:
                return method.empty
            return await self._in_time(
                method.name, lambda: method.answer(self.session, snapshot, params), method.empty, method.late,
                method.seconds,
            )  # fmt: skip

        self.feature(method.name, method.options)(respond)

    def _serve_workspace(self, name: str, answer: Callable[[Session, Any], Any], options: Any) -> None:
        async def respond(params: Any) -> Any:
            return await self._in_time(name, lambda: answer(self.session, params), None, None, ANSWER_SECONDS)

        self.feature(name, options)(respond)

    async def _in_time(self, name: str, act: Callable[[], Any], empty: Any, late: Any, seconds: float) -> Any:
        """Run a handler in a thread; a late answer is none, and a failure is logged and told once."""
        work = asyncio.get_running_loop().run_in_executor(self._answers, act)
        try:
            return await asyncio.wait_for(asyncio.shield(work), seconds)
        except TimeoutError:
            return empty if late is None else late
        except Exception:  # noqa: BLE001 - the boundary of a request: one handler's failure costs its answer only
            self._report(name)
            return empty

    def _report(self, name: str) -> None:
        LOG.error("%s failed\n%s", name, traceback.format_exc())
        self.log(f"{name} failed:\n{traceback.format_exc()}")
        if name not in self._told:
            self._told.add(name)
            message = f"declml could not answer {name}; the server's log says why. Everything else works on."
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    # Documents.

    def _serve_events(self) -> None:
        self._on(types.INITIALIZE, self._initialize)
        self._on(types.INITIALIZED, self._initialized)
        self._on(types.SHUTDOWN, self._shutdown)
        self._on(types.TEXT_DOCUMENT_DID_OPEN, self._opened)
        self._on(types.TEXT_DOCUMENT_DID_CHANGE, self._changed)
        self._on(types.TEXT_DOCUMENT_DID_CLOSE, self._closed)
        self._on(types.TEXT_DOCUMENT_DID_SAVE, self._saved, types.SaveOptions(include_text=False))
        self._on(types.NOTEBOOK_DOCUMENT_DID_OPEN, self._notebook_changed)
        self._on(types.NOTEBOOK_DOCUMENT_DID_CHANGE, self._notebook_changed)
        self._on(types.NOTEBOOK_DOCUMENT_DID_CLOSE, self._notebook_closed)
        self._on(types.WORKSPACE_DID_CHANGE_CONFIGURATION, self._configured)
        self._on(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, self._files_changed)

    def _on(self, name: str, act: Callable[[Any], Awaitable[None]], options: Any = None) -> None:
        async def handle(params: Any) -> None:  # pygls marks the function that it registers, which a method refuses
            await act(params)

        self.feature(name, options)(handle)

    async def _initialize(self, params: types.InitializeParams) -> None:
        self._loop = asyncio.get_running_loop()
        self.session.capabilities = params.capabilities
        named = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri or ""]
        paths = [to_fs_path(uri) for uri in named if uri]
        self.session.folders = [Path(path) for path in paths if path]
        self._take_settings("", params.initialization_options)

    async def _initialized(self, _params: types.InitializedParams) -> None:
        await self._fetch_settings()

    async def _shutdown(self, _params: Any = None) -> None:
        self.session.facts.close()
        self._answers.shutdown(wait=False, cancel_futures=True)
        self._analysis.shutdown(wait=False, cancel_futures=True)

    async def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        self._take(params.text_document.uri, now=True)

    async def _changed(self, params: types.DidChangeTextDocumentParams) -> None:
        self._take(params.text_document.uri)

    async def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        self._refresh(params.text_document.uri)

    async def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        self._drop(params.text_document.uri)

    async def _notebook_changed(
        self, params: types.DidOpenNotebookDocumentParams | types.DidChangeNotebookDocumentParams
    ) -> None:
        notebook = self.workspace.get_notebook_document(notebook_uri=params.notebook_document.uri)
        cells = [cell.document for cell in notebook.cells] if notebook is not None else []
        for uri in cells:
            known, document = self.session.snapshots.get(uri), self.workspace.text_documents.get(uri)
            if document is not None and (known is None or known.version != document.version):
                self._take(uri, notebook=params.notebook_document.uri)
        for uri in self.session.snapshots.keys() - self.workspace.text_documents.keys():
            self._drop(uri)

    async def _notebook_closed(self, params: types.DidCloseNotebookDocumentParams) -> None:
        for cell in params.cell_text_documents:
            self._drop(cell.uri)

    def _take(self, uri: str, *, now: bool = False, notebook: str | None = None) -> None:
        """Make the snapshot of a document's new version and have it checked."""
        document = self.workspace.get_text_document(uri)
        if not isinstance(document, ConfigDocument):
            return
        snapshot = snapshot_of(
            uri, document.version, document.text(), language=document.language_id or "", notebook=notebook
        )
        if snapshot is None:
            if self.session.snapshots.pop(uri, None) is not None:
                self._publisher.clear(uri, document.version)
            return
        self.session.snapshots[uri] = snapshot
        if not self._pulls():
            self._publisher.schedule(snapshot, now=now)

    def _drop(self, uri: str) -> None:
        if self.session.snapshots.pop(uri, None) is not None and not self._pulls():
            self._publisher.clear(uri, None)
        self._publisher.forget(uri)

    def _pulls(self) -> bool:
        """Return whether the client asks for problems itself; sent as well, it would show each twice."""
        return self.session.supports("text_document", "diagnostic")

    async def _diagnose(self, snapshot: Snapshot) -> list[types.Diagnostic] | None:
        """Return the problems of a document, None when it has changed meanwhile."""
        if not self.session.is_current(snapshot):
            return None
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._analysis, diagnostics.diagnose, self.session, snapshot)
        except Exception:  # noqa: BLE001 - as for a request
            self._report("diagnostics")
            return None
        return found if self.session.is_current(snapshot) else None

    # Settings, files, and what they change.

    async def _fetch_settings(self) -> None:
        if not self.session.supports("workspace", "configuration"):
            return
        folders = [str(folder) for folder in self.session.folders] or [""]
        items = [
            types.ConfigurationItem(scope_uri=Path(folder).as_uri() if folder else None, section=SECTION)
            for folder in folders
        ]
        answers = await self.workspace_configuration_async(types.ConfigurationParams(items))
        for folder, answer in zip(folders, answers, strict=False):
            self._take_settings(folder, answer)
        self._refresh("")

    def _take_settings(self, folder: str, value: Any) -> None:
        settings, complaints = read_settings(value)
        if value is not None:
            self.session.settings_by_folder[folder] = settings
        else:
            self.session.settings_by_folder.setdefault("", Settings())
        for each in complaints:
            self.log(each)

    async def _configured(self, params: types.DidChangeConfigurationParams) -> None:
        given = params.settings.get(SECTION) if isinstance(params.settings, dict) else None
        if given is not None:
            self._take_settings("", given)
            self._refresh("")
        await self._fetch_settings()

    async def _files_changed(self, _params: types.DidChangeWatchedFilesParams) -> None:
        self._refresh("")

    def _refresh(self, uri: str) -> None:
        """Check anew and ask the client to ask anew, once for many reasons at a time."""
        for snapshot in [*self.session.snapshots.values()]:
            if uri in ("", snapshot.uri) and not self._pulls():
                self._publisher.schedule(snapshot, now=True)
        if not self._refreshing:
            self._refreshing = True
            task = asyncio.get_running_loop().create_task(self._ask_to_ask())
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    async def _ask_to_ask(self) -> None:
        await asyncio.sleep(0)
        self._refreshing = False
        for capability, request in _REFRESHES:
            if self.session.supports(*capability):
                await getattr(self, request)(None)


def build_server() -> DeclmlServer:
    """Return a server that has not been started."""
    from declml import __version__

    return DeclmlServer(version=__version__)
