"""Folds over the wire."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import open_article, open_other
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


async def test_sections_and_features_fold(client: LanguageClient, editor: Editor) -> None:
    found = await client.text_document_folding_range_async(types.FoldingRangeParams(open_article(editor)))
    assert [(each.start_line, each.end_line) for each in found or ()] == [
        (0, 1), (2, 8), (3, 5), (6, 8), (9, 11), (10, 11),
    ]  # fmt: skip


async def test_other_yaml_has_no_folds(client: LanguageClient, editor: Editor) -> None:
    assert not await client.text_document_folding_range_async(types.FoldingRangeParams(open_other(editor)))
