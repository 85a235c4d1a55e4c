"""A real server process per editor's profile, and the documents that tests open in it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

ONE_LOOP = pytest.mark.asyncio(loop_scope="session")
"""The mark of a file's tests (``pytestmark = ONE_LOOP``): they share the loop in which the server's client lives."""
EDITORS = ("visual-studio-code", "neovim", "emacs")
"""The profiles of capabilities under which every method is tried."""
PATIENCE_SECONDS = 60.0
REQUESTS_OF_THE_SERVER = (
    "client/registerCapability",
    "client/unregisterCapability",
    "workspace/codeLens/refresh",
    "workspace/inlayHint/refresh",
    "workspace/semanticTokens/refresh",
    "workspace/diagnostic/refresh",
)


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[sys.executable, "-m", "declml_lsp"]),
    params=EDITORS,
    scope="session",
    loop_scope="session",
)
async def client(
    request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[None, None]:
    """A client with the capabilities of one editor, talking to one server process in all files of tests."""
    folder = tmp_path_factory.mktemp("first")
    lsp_client.editor = request.param
    lsp_client.telling = []
    for name in ("declml/event", "declml/training"):
        lsp_client.feature(name)(_remember(lsp_client.telling, name))
    for name in REQUESTS_OF_THE_SERVER:
        if name not in lsp_client.protocol.fm.features:
            lsp_client.feature(name)(_agree())
    lsp_client.initialized = await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[types.WorkspaceFolder(folder.as_uri(), "first")],
            root_uri=folder.as_uri(),
        )
    )
    yield
    await lsp_client.shutdown_session()


@pytest.fixture(scope="module")
def project(client: LanguageClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty project for one file of tests: a folder that is open in the editor as long as they run."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".declml").mkdir()  # its root, so that no folder above counts
    named = types.WorkspaceFolder(folder.as_uri(), folder.name)
    for added, removed in (([named], []), ([], [named])):
        event = types.WorkspaceFoldersChangeEvent(added, removed)
        client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        if added:
            yield folder


def _remember(told: list[tuple[str, Any]], name: str) -> Callable[[Any], None]:
    def take(params: Any) -> None:
        told.append((name, params))

    return take


def _agree() -> Callable[[Any], None]:
    def agree(_params: Any) -> None:
        return None

    return agree


class Editor:
    """What a person does in an editor, as requests."""

    def __init__(self, client: LanguageClient, project: Path) -> None:
        self.client = client
        self.project = project
        self._versions: dict[str, int] = {}

    def open(self, name: str, text: str, *, save: bool = True, language: str = "yaml") -> str:
        """Open a document and return its address."""
        path = self.project / name
        if save:
            path.write_text(text, encoding="utf-8")
        uri = path.as_uri()
        self._versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def write(self, uri: str, text: str) -> int:
        """Replace a document's whole text and return its new version."""
        self._versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[uri], uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        return self._versions[uri]

    def close(self, uri: str) -> None:
        """Close a document."""
        self._versions.pop(uri, None)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def close_all(self) -> None:
        """Close every document that is still open."""
        for uri in [*self._versions]:
            self.close(uri)

    async def problems(self, uri: str) -> list[types.Diagnostic]:
        """Return a document's problems, asked for or waited for as the client's profile has it."""
        if self.pulls:
            answer = await self.client.text_document_diagnostic_async(
                types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
            )
            return [*answer.items]  # type: ignore[union-attr]
        await self.until(lambda: self._published(uri))
        return [*self.client.diagnostics[uri]]

    @property
    def commands(self) -> list[str]:
        """The commands that the server declared."""
        provider = self.client.initialized.capabilities.execute_command_provider
        return [*provider.commands] if provider is not None else []

    @property
    def pulls(self) -> bool:
        """Whether the client asks for problems itself."""
        return bool(self.client.capabilities.text_document and self.client.capabilities.text_document.diagnostic)

    def _published(self, uri: str) -> bool:
        return uri in self.client.diagnostics

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until ``condition`` holds and return what it gave; fail when that takes too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        while not (found := condition()):
            assert loop.time() < deadline, "waited too long"
            await asyncio.sleep(0.01)  # lets the client's reader run
        return found

    async def command(self, name: str, *arguments: Any) -> Any:
        """Run a command of the server's and return its answer."""
        return await self.client.workspace_execute_command_async(types.ExecuteCommandParams(name, [*arguments]))


@pytest.fixture
def editor(client: LanguageClient, project: Path) -> Iterator[Editor]:
    """The client as a person uses it, who closes every document at the end."""
    made = Editor(client, project)
    yield made
    made.close_all()
