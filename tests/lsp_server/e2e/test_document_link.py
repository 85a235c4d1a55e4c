"""Links over the wire: to files that are there, and to no others."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import CONFIG, open_article
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


async def test_the_data_file_is_a_link(client: LanguageClient, editor: Editor) -> None:
    found = await client.text_document_document_link_async(types.DocumentLinkParams(open_article(editor)))
    (link,) = found or ()
    assert link.target == (editor.project / "rows.csv").as_uri()
    assert link.range == types.Range(types.Position(1, 10), types.Position(1, 18))
    able = client.capabilities.text_document.document_link if client.capabilities.text_document else None
    assert link.tooltip == ("Open rows.csv" if able is not None and able.tooltip_support else None)


async def test_a_file_that_is_not_there_is_no_link(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("absent.declml.yaml", CONFIG.replace("rows.csv", "absent.csv"))
    assert not await client.text_document_document_link_async(
        types.DocumentLinkParams(types.TextDocumentIdentifier(uri))
    )
