"""Semantic tokens over the wire, of the whole text and of a range."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import open_article, open_other, title_width
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


async def test_tokens_tell_features_and_components_apart(client: LanguageClient, editor: Editor) -> None:
    document = open_article(editor)
    whole = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    assert whole is not None
    assert len(whole.data) % 5 == 0
    kinds = list(whole.data[3::5])
    assert kinds[:3] == [0, 2, 2]  # a feature's name, its type, its encoder
    legend = client.initialized.capabilities.semantic_tokens_provider.legend
    assert [legend.token_types[each] for each in kinds[:3]] == ["variable", "type", "type"]
    assert whole.data[2] == title_width(client)
    area = types.Range(types.Position(9, 0), types.Position(12, 0))
    part = await client.text_document_semantic_tokens_range_async(types.SemanticTokensRangeParams(document, area))
    assert part is not None
    assert list(part.data[3::5]) == kinds[-2:]


async def test_other_yaml_has_no_tokens(client: LanguageClient, editor: Editor) -> None:
    found = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(open_other(editor)))
    assert found is None or not found.data
