"""Symbols of the workspace, over the wire: features of open configs, and runs."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import CONFIG, open_article
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor
from tests.runtime.runs.builder import write_run

from declml_schema.check import check

pytestmark = ONE_LOOP


async def test_features_are_found_over_the_workspace(client: LanguageClient, editor: Editor) -> None:
    uri = open_article(editor).uri
    found = await client.workspace_symbol_async(types.WorkspaceSymbolParams("tpc"))
    assert [(each.name, each.location.uri) for each in found or ()] == [("topic (category)", uri)]
    editor.close(uri)
    assert not await client.workspace_symbol_async(types.WorkspaceSymbolParams("tpc"))


async def test_runs_are_found_by_their_name(client: LanguageClient, editor: Editor) -> None:
    open_article(editor)
    write_run(editor.project / "runs", "0007-aaaa", experiment="article", plan=check(CONFIG).plan, config=CONFIG)
    found = await client.workspace_symbol_async(types.WorkspaceSymbolParams("run 0007"))
    (run,) = found or ()
    assert (run.name, run.container_name) == ("run 0007-aaaa", "article")
    assert isinstance(run.location, types.Location)
    assert run.location.uri == (editor.project / "runs" / "article" / "0007-aaaa" / "config.yaml").as_uri()
