"""Outline, folds, selections, tokens, links, navigation and formatting, over the wire, for each editor's profile."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import MODULE_LOOP, Editor

pytestmark = MODULE_LOOP

CONFIG = """\
data:
  source: rows.csv
input_features:
  - name: títle 🙂
    type: text
    encoder: {type: lstm}
  - name: body
    type: text
    tied: títle 🙂
output_features:
  - name: topic
    type: category
"""


@pytest.fixture
def uri(editor: Editor) -> str:
    (editor.project / "rows.csv").write_text("títle 🙂,body,topic\na,b,c\n", encoding="utf-8")
    return editor.open("structure.declml.yaml", CONFIG)


async def test_the_outline_names_features_with_their_type(client: LanguageClient, uri: str) -> None:
    document = types.TextDocumentIdentifier(uri)
    found = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert found is not None
    names = [each.name for each in found]
    if isinstance(found[0], types.DocumentSymbol):
        assert names == ["data", "input_features", "output_features"]
        features = found[1].children  # type: ignore[union-attr]
        assert [(each.name, each.detail) for each in features or ()] == [("títle 🙂", "text · lstm"), ("body", "text")]
    else:
        assert "títle 🙂" in names


async def test_sections_and_features_fold(client: LanguageClient, uri: str) -> None:
    found = await client.text_document_folding_range_async(types.FoldingRangeParams(types.TextDocumentIdentifier(uri)))
    assert [(each.start_line, each.end_line) for each in found or ()] == [
        (0, 1), (2, 8), (3, 5), (6, 8), (9, 11), (10, 11),
    ]  # fmt: skip


async def test_a_selection_grows_from_the_value_to_the_whole_text(client: LanguageClient, uri: str) -> None:
    place = types.Position(7, 11)
    params = types.SelectionRangeParams(types.TextDocumentIdentifier(uri), [place])
    found = await client.text_document_selection_range_async(params)
    assert found is not None
    lines: list[tuple[int, int]] = []
    here: types.SelectionRange | None = found[0]
    while here is not None:
        lines.append((here.range.start.line, here.range.end.line))
        here = here.parent
    assert lines[0] == (7, 7)
    assert lines[-1] == (0, 12)
    assert lines == sorted(lines, key=lambda each: each[1] - each[0])


async def test_places_are_counted_as_the_client_counts(client: LanguageClient, uri: str) -> None:
    document = types.TextDocumentIdentifier(uri)
    found = await client.text_document_definition_async(types.DefinitionParams(document, types.Position(8, 12)))
    assert isinstance(found, list)
    area = found[0].range  # type: ignore[union-attr]
    unit = client.protocol.server_capabilities if hasattr(client.protocol, "server_capabilities") else None
    assert unit is None or unit
    widths = {"utf-8": 11, "utf-16": 8, "utf-32": 7}
    encodings = client.capabilities.general.position_encodings if client.capabilities.general else None
    chosen = next(
        (str(getattr(each, "value", each)) for each in encodings or () if str(getattr(each, "value", each)) in widths),
        "utf-16",
    )
    assert (area.start.line, area.end.character - area.start.character) == (3, widths[chosen])


async def test_references_highlights_and_renaming_agree(client: LanguageClient, uri: str) -> None:
    document, place = types.TextDocumentIdentifier(uri), types.Position(3, 11)
    context = types.ReferenceContext(include_declaration=True)
    references = await client.text_document_references_async(types.ReferenceParams(context, document, place))
    highlights = await client.text_document_document_highlight_async(types.DocumentHighlightParams(document, place))
    assert [each.range.start.line for each in references or ()] == [3, 8]
    assert [each.range for each in highlights or ()] == [each.range for each in references or ()]
    prepared = await client.text_document_prepare_rename_async(types.PrepareRenameParams(document, place))
    assert prepared is not None
    edit = await client.text_document_rename_async(types.RenameParams(document, place, "headline"))
    assert edit is not None
    assert len((edit.changes or {})[uri]) == 3  # both places, and the column that keeps its name


async def test_tokens_tell_features_and_components_apart(client: LanguageClient, uri: str) -> None:
    document = types.TextDocumentIdentifier(uri)
    whole = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    assert whole is not None
    assert len(whole.data) % 5 == 0
    kinds = list(whole.data[3::5])
    assert kinds[:3] == [0, 2, 2]  # a feature's name, its type, its encoder
    area = types.Range(types.Position(9, 0), types.Position(12, 0))
    part = await client.text_document_semantic_tokens_range_async(types.SemanticTokensRangeParams(document, area))
    assert part is not None
    assert list(part.data[3::5]) == kinds[-2:]


async def test_the_data_file_is_a_link(client: LanguageClient, editor: Editor, uri: str) -> None:
    found = await client.text_document_document_link_async(types.DocumentLinkParams(types.TextDocumentIdentifier(uri)))
    assert [each.target for each in found or ()] == [(editor.project / "rows.csv").as_uri()]


async def test_formatting_and_a_new_line(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("crooked.declml.yaml", "input_features:\n- name:   a\n  type: number\n")
    document = types.TextDocumentIdentifier(uri)
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    edits = await client.text_document_formatting_async(types.DocumentFormattingParams(document, options))
    assert [each.new_text for each in edits or ()] == ["  - name: a\n    type: number\n"]
    editor.write(uri, "input_features:\n\n")
    params = types.DocumentOnTypeFormattingParams(document, types.Position(1, 0), "\n", options)
    typed = await client.text_document_on_type_formatting_async(params)
    assert [each.new_text for each in typed or ()] == ["  - "]


async def test_features_are_found_over_the_workspace(client: LanguageClient, uri: str) -> None:
    found = await client.workspace_symbol_async(types.WorkspaceSymbolParams("tpc"))
    assert [each.name for each in found or () if each.location.uri == uri] == ["topic (category)"]


async def test_other_yaml_is_left_alone(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("compose.yaml", "services:\n  web: {image: x}\n")
    document = types.TextDocumentIdentifier(uri)
    assert not await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert not await client.text_document_folding_range_async(types.FoldingRangeParams(document))
