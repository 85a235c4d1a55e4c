"""Definitions over the wire: of a feature, and of a plug-in's component in its Python file."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.article import CONFIG, TIED_LINE, TITLE_LINE, open_article, title_width
from tests.lsp_server.e2e.conftest import ONE_LOOP, PATIENCE_SECONDS, Editor

pytestmark = ONE_LOOP

PLUGIN = """\
from declml_schema.declare import Component, Parameters


JOIN = Component("combiner", "join", "Joins its inputs.", Parameters, build=lambda widths: None)
"""


async def test_a_tied_feature_leads_to_its_name_counted_as_the_client_counts(
    client: LanguageClient, editor: Editor
) -> None:
    document = open_article(editor)
    found = await client.text_document_definition_async(types.DefinitionParams(document, types.Position(TIED_LINE, 12)))
    assert isinstance(found, list)
    (place,) = found
    assert isinstance(place, types.Location)
    assert place.uri == document.uri
    start = types.Position(TITLE_LINE, 10)
    assert place.range == types.Range(start, types.Position(TITLE_LINE, 10 + title_width(client)))


async def test_what_has_no_name_leads_nowhere(client: LanguageClient, editor: Editor) -> None:
    document = open_article(editor)
    assert not await client.text_document_definition_async(types.DefinitionParams(document, types.Position(4, 11)))


async def test_a_component_of_a_plug_in_leads_into_its_file(client: LanguageClient, editor: Editor) -> None:
    if client.editor != "neovim":
        pytest.skip("the file is the same for every editor: one is enough")
    plugin = editor.project / "joins.py"
    plugin.write_text(PLUGIN, encoding="utf-8")
    before = f"{CONFIG}code: joins.py\ncombiner: {{type: "
    uri = editor.open("plugged.declml.yaml", f"{before}join}}\n")
    place = types.Position(before.count("\n"), len("combiner: {type: "))
    params = types.DefinitionParams(types.TextDocumentIdentifier(uri), place)
    found: object = None
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not found:  # another process reads the plug-in
            found = await client.text_document_definition_async(params)
    assert isinstance(found, list)
    (location,) = found
    assert isinstance(location, types.Location)
    assert location.uri == plugin.as_uri()
    assert PLUGIN.split("\n")[location.range.start.line].startswith("JOIN = ")
