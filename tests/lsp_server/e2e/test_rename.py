"""Renaming over the wire: prepared, done, and applied to the text."""

from __future__ import annotations

from dataclasses import replace

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import CONFIG, TITLE_LINE, open_article, title_width
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor
from tests.lsp_server.editing import applied, opened

from declml_lsp.text import Text

pytestmark = ONE_LOOP


async def test_a_feature_is_renamed_wherever_it_stands(client: LanguageClient, editor: Editor) -> None:
    document, place = open_article(editor), types.Position(TITLE_LINE, 11)
    prepared = await client.text_document_prepare_rename_async(types.PrepareRenameParams(document, place))
    assert isinstance(prepared, types.PrepareRenamePlaceholder)
    assert prepared.placeholder == "títle 🙂"
    assert prepared.range.end.character - prepared.range.start.character == title_width(client)
    edit = await client.text_document_rename_async(types.RenameParams(document, place, "headline"))
    assert edit is not None
    edits = [*(edit.changes or {})[document.uri]]
    _, snapshot = opened(CONFIG)
    snapshot = replace(snapshot, text=Text(CONFIG, client.initialized.capabilities.position_encoding or "utf-16"))
    after = applied(snapshot, edits)
    assert after == CONFIG.replace("títle 🙂", "headline").replace(
        "  - name: headline\n", "  - name: headline\n    column: títle 🙂\n"
    )


async def test_a_word_of_the_language_cannot_be_renamed(client: LanguageClient, editor: Editor) -> None:
    document, place = open_article(editor), types.Position(4, 11)
    assert await client.text_document_prepare_rename_async(types.PrepareRenameParams(document, place)) is None
    assert await client.text_document_rename_async(types.RenameParams(document, place, "words")) is None
