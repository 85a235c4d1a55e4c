"""The outline over the wire: a tree for an editor that shows one, a list for any other."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import open_article, open_other
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


async def test_the_outline_names_features_with_their_type(client: LanguageClient, editor: Editor) -> None:
    params = types.DocumentSymbolParams(open_article(editor))
    found = await client.text_document_document_symbol_async(params)
    assert found is not None
    able = client.capabilities.text_document
    assert able is not None and able.document_symbol is not None
    if able.document_symbol.hierarchical_document_symbol_support:
        assert [each.name for each in found] == ["data", "input_features", "output_features"]
        features = found[1].children  # type: ignore[union-attr]
        assert [(each.name, each.detail) for each in features or ()] == [("títle 🙂", "text · lstm"), ("body", "text")]
    else:
        places = {each.name: each.container_name for each in found}  # type: ignore[union-attr]
        assert places["títle 🙂"] == "input_features"
        assert places["topic"] == "output_features"


async def test_other_yaml_has_no_outline(client: LanguageClient, editor: Editor) -> None:
    assert not await client.text_document_document_symbol_async(types.DocumentSymbolParams(open_other(editor)))
