"""Highlights over the wire: the same places as the references, reading told from writing."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import TIED_LINE, TITLE_LINE, open_article
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


async def test_highlights_are_where_the_name_stands(client: LanguageClient, editor: Editor) -> None:
    document, place = open_article(editor), types.Position(TITLE_LINE, 11)
    found = await client.text_document_document_highlight_async(types.DocumentHighlightParams(document, place))
    assert [(each.range.start.line, each.kind) for each in found or ()] == [
        (TITLE_LINE, types.DocumentHighlightKind.Write), (TIED_LINE, types.DocumentHighlightKind.Read),
    ]  # fmt: skip
    context = types.ReferenceContext(include_declaration=True)
    references = await client.text_document_references_async(types.ReferenceParams(context, document, place))
    assert [each.range for each in found or ()] == [each.range for each in references or ()]
