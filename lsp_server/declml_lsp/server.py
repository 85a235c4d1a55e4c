"""The server: it takes requests and documents, and sees that each answer comes in time. `surface` lists the requests.

A handler is a plain function from an immutable snapshot to an answer. It runs in threads of the server's own (pygls
reads its input through its pool, which must never be full), has a deadline, and one that fails costs its own answer
only.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter
from pygls.uris import to_fs_path

from declml_lsp.commands import Commands
from declml_lsp.documents import Documents
from declml_lsp.methods import diagnostics, workspace_diagnostic
from declml_lsp.protocol import ConfigProtocol
from declml_lsp.publishing import Publisher
from declml_lsp.refreshing import LENSES, Refresher
from declml_lsp.session import Session
from declml_lsp.settings import SECTION, Settings, read_settings
from declml_lsp.snapshot import Snapshot
from declml_lsp.surface import ANSWER_SECONDS, SURFACE, WORKSPACE_SURFACE, Method
from declml_lsp.watching import folders_of, paths_of, questions, registrations

LOG = logging.getLogger("declml")


class DeclmlServer(LanguageServer):
    """The language server of one client. ``surface`` is what it answers about documents."""

    protocol: ConfigProtocol  # pyright: ignore[reportIncompatibleVariableOverride] - set once, by the base, to this

    def __init__(self, *, version: str, surface: Sequence[Method] = SURFACE) -> None:
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
        self._documents = Documents(
            self.session, lambda: self.workspace, on_change=self._document_changed, on_end=self._document_ended
        )
        self._refresher = Refresher(self, self.session)
        self._told: set[str] = set()
        self._is_over = False
        for method in surface:
            self._serve(method)
        for name, answer, options in WORKSPACE_SURFACE:
            self._serve_workspace(name, answer, options)
        self._serve_workspace_problems()
        self._serve_events()
        for name, command in Commands(self, self.session).table().items():
            self.command(name)(command_handler(command))

    # What the session asks of the client, from any thread.

    def refresh(self, uri: str) -> None:
        """Show anew what depends on more than a document's text; an empty ``uri`` means all documents."""
        self._from_any_thread(lambda: self._refresh(uri))

    def refresh_lenses(self) -> None:
        """Ask the client to ask for its lenses anew."""
        self._from_any_thread(lambda: self._refresher.ask(LENSES))

    def log(self, message: str) -> None:
        """Write a line into the client's log."""
        self._from_any_thread(lambda: self.window_log_message(types.LogMessageParams(types.MessageType.Info, message)))

    def notify(self, method: str, params: Any) -> None:
        """Send a notification of our own."""
        self._from_any_thread(lambda: self.protocol.notify(method, params))

    def _from_any_thread(self, act: Callable[[], None]) -> None:
        def unless_over() -> None:
            # A process may have answered just before the goodbye, and what it started would find no thread to run in.
            if not self._is_over:
                act()

        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(unless_over)

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
            empty = params if name.endswith("/resolve") else None  # an item that is not made fuller stays as it is
            return await self._in_time(name, lambda: answer(self.session, params), empty, None, ANSWER_SECONDS)

        self.feature(name, options)(respond)

    def _serve_workspace_problems(self) -> None:
        name = types.WORKSPACE_DIAGNOSTIC

        async def respond(params: types.WorkspaceDiagnosticParams) -> Any:
            over = threading.Event()
            act = partial(workspace_diagnostic.respond, self.session, params, ended=over.is_set)
            try:
                # Not where others are answered. A client that asks for problems is sent none: nothing waits behind it.
                return await self._in_time(
                    name, act, workspace_diagnostic.EMPTY, None, workspace_diagnostic.MOST_SECONDS, pool=self._analysis
                )
            finally:
                over.set()  # a client that has cancelled its question wants no more of it

        self.feature(name)(respond)

    async def _in_time(
        self,
        name: str,
        act: Callable[[], Any],
        empty: Any,
        late: Any,
        seconds: float,
        *,
        pool: Executor | None = None,
    ) -> Any:
        """Run a handler in a thread; a late answer is none, and a failure is logged and told once.

        One that was cancelled, or is late before it began, is not begun any more.
        """
        if self._is_over:
            return empty
        work = asyncio.get_running_loop().run_in_executor(pool or self._answers, act)
        try:
            return await asyncio.wait_for(work, seconds)
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

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what went wrong outside of a request; pygls would put each such sentence before the user."""
        LOG.error("%s: %s", getattr(source, "__name__", source), error)

    # What the client tells.

    def _serve_events(self) -> None:
        self._on(types.INITIALIZE, self._initialize)
        self._on(types.INITIALIZED, self._initialized)
        self._on(types.SHUTDOWN, self._shutdown)
        self._on(types.TEXT_DOCUMENT_DID_OPEN, self._documents.opened)
        self._on(types.TEXT_DOCUMENT_DID_CHANGE, self._documents.changed)
        self._on(types.TEXT_DOCUMENT_DID_CLOSE, self._documents.closed)
        self._on(types.TEXT_DOCUMENT_DID_SAVE, self._saved, types.SaveOptions(include_text=False))
        self._on(types.NOTEBOOK_DOCUMENT_DID_OPEN, self._documents.notebook_opened)
        self._on(types.NOTEBOOK_DOCUMENT_DID_CHANGE, self._documents.notebook_changed)
        self._on(types.NOTEBOOK_DOCUMENT_DID_CLOSE, self._documents.notebook_closed)
        self._on(types.WORKSPACE_DID_CHANGE_CONFIGURATION, self._configured)
        self._on(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, self._files_changed)
        self._on(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, self._folders_changed)

    def _on(self, name: str, act: Callable[[Any], Awaitable[None]], options: Any = None) -> None:
        async def handle(params: Any) -> None:  # pygls marks the function that it registers, which a method refuses
            try:
                await act(params)
            except Exception:  # noqa: BLE001 - as for a request: a notification that fails costs itself
                self._report(name)

        self.feature(name, options)(handle)

    async def _initialize(self, params: types.InitializeParams) -> None:
        self._loop = asyncio.get_running_loop()
        self.session.capabilities = params.capabilities
        encoding = self.workspace.position_encoding
        self.session.encoding = str(getattr(encoding, "value", encoding))
        self.session.folders = folders_of(params)
        self._take_settings("", params.initialization_options)

    async def _initialized(self, _params: types.InitializedParams) -> None:
        await asyncio.gather(self._register(), self._fetch_settings())

    async def _register(self) -> None:
        asked = registrations(self.session)
        if asked:
            with suppress(JsonRpcException):  # a client that refuses is served as one that cannot be asked
                await self.client_register_capability_async(types.RegistrationParams(asked))

    async def _shutdown(self, _params: Any = None) -> None:
        self.close()

    def close(self) -> None:
        """End what runs beside the server; nothing is begun after that."""
        self._is_over = True
        self.session.facts.close()
        self._answers.shutdown(wait=False, cancel_futures=True)
        self._analysis.shutdown(wait=False, cancel_futures=True)

    async def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        self._refresh(params.text_document.uri)

    async def _files_changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        paths = paths_of(params.changes)
        self.session.facts.files_changed([*self.session.snapshots.values()])
        if any(path.name == "record.json" for path in paths):
            self._refresher.ask()

    async def _folders_changed(self, _params: types.DidChangeWorkspaceFoldersParams) -> None:
        named = [to_fs_path(folder.uri) for folder in self.workspace.folders.values()]
        self.session.folders = [Path(name) for name in named if name]
        await self._fetch_settings()

    # Problems.

    def _document_changed(self, snapshot: Snapshot, opened: bool) -> None:  # noqa: FBT001 - told by `Documents`
        if not self._pulls():
            self._publisher.schedule(snapshot, now=opened)

    def _document_ended(self, uri: str, version: int | None) -> None:
        self._publisher.forget(uri)
        if not self._pulls():
            self._publisher.clear(uri, version)

    def _pulls(self) -> bool:
        """Return whether the client asks for problems itself; sent as well, it would show each twice."""
        return self.session.supports("text_document", "diagnostic")

    async def _diagnose(self, snapshot: Snapshot) -> list[types.Diagnostic] | None:
        """Return the problems of a document, None when it has changed meanwhile."""
        if self._is_over or not self.session.is_current(snapshot):
            return None
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._analysis, diagnostics.diagnose, self.session, snapshot)
        except Exception:  # noqa: BLE001 - as for a request
            self._report("diagnostics")
            return None
        return found if self.session.is_current(snapshot) else None

    def _refresh(self, uri: str) -> None:
        """Check anew, and ask the client to ask anew; an empty ``uri`` means all documents."""
        for snapshot in [*self.session.snapshots.values()]:
            if uri in ("", snapshot.uri) and not self._pulls():
                self._publisher.schedule(snapshot, now=True)
        self._refresher.ask()

    # Settings.

    async def _fetch_settings(self) -> None:
        if not self.session.supports("workspace", "configuration"):
            return
        asked = [*self.session.folders]
        answers = await self.workspace_configuration_async(types.ConfigurationParams(questions(asked)))
        for folder, answer in zip([str(each) for each in asked] or [""], answers, strict=False):
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


def command_handler(command: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return a command as a function that pygls can mark."""

    async def handle(*arguments: Any) -> Any:
        return await command(*arguments)

    return handle


def build_server() -> DeclmlServer:
    """Return a server that has not been started."""
    from declml import __version__

    return DeclmlServer(version=__version__)
