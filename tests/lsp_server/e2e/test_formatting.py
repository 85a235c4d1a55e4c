"""Formatting over the wire: the whole text and a range of it."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP

OPTIONS = types.FormattingOptions(tab_size=2, insert_spaces=True)
CROOKED = "input_features:\n- name:   a\n  type: number # kept\noutput_features:\n- name:   b\n  type: category\n"


async def test_a_text_is_laid_out_and_keeps_its_comments(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("crooked.declml.yaml", CROOKED)
    params = types.DocumentFormattingParams(types.TextDocumentIdentifier(uri), OPTIONS)
    edits = await client.text_document_formatting_async(params)
    assert [(each.range.start.line, each.new_text) for each in edits or ()] == [
        (1, "  - name: a\n    type: number # kept\n"), (4, "  - name: b\n    type: category\n"),
    ]  # fmt: skip


async def test_a_range_is_laid_out_alone(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("crooked.declml.yaml", CROOKED)
    area = types.Range(types.Position(3, 0), types.Position(6, 0))
    params = types.DocumentRangeFormattingParams(types.TextDocumentIdentifier(uri), area, OPTIONS)
    edits = await client.text_document_range_formatting_async(params)
    assert [each.new_text for each in edits or ()] == ["  - name: b\n    type: category\n"]


async def test_a_broken_text_is_left_as_it_is(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("broken.declml.yaml", CROOKED + "trainer: {epochs:   3\n")
    params = types.DocumentFormattingParams(types.TextDocumentIdentifier(uri), OPTIONS)
    assert not await client.text_document_formatting_async(params)
