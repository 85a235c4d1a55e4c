"""References over the wire, with and without the declaration."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import TIED_LINE, TITLE_LINE, open_article
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


async def test_references_are_the_name_and_where_it_is_used(client: LanguageClient, editor: Editor) -> None:
    document, place = open_article(editor), types.Position(TIED_LINE, 12)
    for declaration, lines in ((True, [TITLE_LINE, TIED_LINE]), (False, [TIED_LINE])):
        context = types.ReferenceContext(include_declaration=declaration)
        found = await client.text_document_references_async(types.ReferenceParams(context, document, place))
        assert [(each.uri, each.range.start.line) for each in found or ()] == [(document.uri, line) for line in lines]
