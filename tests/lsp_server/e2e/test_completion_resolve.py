"""What a completion item explains when it is looked at, over the wire."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


async def test_an_item_explains_itself(client: LanguageClient, editor: Editor) -> None:
    document = types.TextDocumentIdentifier(editor.open("resolve.declml.yaml", "trainer:\n  "))
    found = await client.text_document_completion_async(types.CompletionParams(document, types.Position(1, 2)))
    assert isinstance(found, types.CompletionList)
    item = next(each for each in found.items if each.label == "epochs")
    if item.documentation is None:
        item = await client.completion_item_resolve_async(item)
    text = item.documentation.value if isinstance(item.documentation, types.MarkupContent) else item.documentation
    assert "Passes over the training rows" in (text or "")


async def test_an_unknown_item_comes_back_as_it_is(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("resolve.declml.yaml", "trainer:\n  ")
    unknown = types.CompletionItem("no such item", data={"uri": uri})
    assert await client.completion_item_resolve_async(unknown) == unknown
