"""The indent of a new line, over the wire."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP


@pytest.mark.parametrize(
    ("above", "typed"),
    [
        ("input_features:\n", ["  - "]),  # a list of mappings
        ("trainer:\n", ["  "]),
        ("# a comment\n", []),
    ],
)
async def test_a_new_line_begins_as_what_is_above_asks_for(
    client: LanguageClient, editor: Editor, above: str, typed: list[str]
) -> None:
    uri = editor.open("typed.declml.yaml", above + "\n")
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    document = types.TextDocumentIdentifier(uri)
    params = types.DocumentOnTypeFormattingParams(document, types.Position(1, 0), "\n", options)
    found = await client.text_document_on_type_formatting_async(params)
    assert [each.new_text for each in found or ()] == typed
