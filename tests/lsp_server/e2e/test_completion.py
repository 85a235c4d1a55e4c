"""Completion as it is typed, over the wire, for each editor's profile."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = ONE_LOOP

CONFIG = """\
# größe 🧮
input_features:
  - name: title
    type: text
    encoder: {type: lstm, num_layers: 2}
output_features:
  - name: topic
    type: category
trainer:
  epochs: 3
"""


@pytest.fixture
def uri(editor: Editor) -> str:
    (editor.project / "people.csv").write_text("title,topic\na,b\n", encoding="utf-8")
    return editor.open("completion.declml.yaml", CONFIG)


async def complete(client: LanguageClient, uri: str, line: int, character: int) -> types.CompletionList:
    params = types.CompletionParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
    found = await client.text_document_completion_async(params)
    assert isinstance(found, types.CompletionList)
    return found


async def typed(editor: Editor, uri: str, text: str) -> types.CompletionList:
    """Write a text with a mark, and complete at once there: as an editor does, which waits for no analysis."""
    before, _, after = text.partition("|")
    editor.write(uri, before + after)
    line = before.rpartition("\n")[2]
    return await complete(editor.client, uri, before.count("\n"), len(line))


def labels(found: types.CompletionList) -> list[str]:
    return [item.label for item in sorted(found.items, key=lambda item: item.sort_text or "")]


async def test_the_characters_that_bring_up_the_list_are_told(client: LanguageClient, uri: str) -> None:
    provider = client.initialized.capabilities.completion_provider
    assert provider.resolve_provider
    assert {":", " ", "-", "[", "{", ",", '"', "'", "/", "."} <= set(provider.trigger_characters)


async def test_keys_and_values_come_while_they_are_typed(client: LanguageClient, editor: Editor, uri: str) -> None:
    assert "batch_size" in labels(await complete(client, uri, 9, 2))
    steps = ["tr", "trainer:", "trainer:\n  learning_rate:", "trainer:\n  learning_rate: 0."]
    expected = ["trainer", "epochs", "0.001", "0.001"]
    for step, label in zip(steps, expected, strict=True):
        assert label in labels(await typed(editor, uri, CONFIG.partition("trainer")[0] + step + "|"))


async def test_broken_text_is_answered(client: LanguageClient, editor: Editor, uri: str) -> None:
    broken = CONFIG.replace("encoder: {type: lstm, num_layers: 2}", "encoder: {type: lstm, |")
    found = labels(await typed(editor, uri, broken))
    assert "state_size" in found
    assert "num_filters" not in found
    assert "epochs" in labels(await typed(editor, uri, "input_features: [\n  {name: a\ntrainr:\n  |"))


async def test_files_are_those_beside_the_config(client: LanguageClient, editor: Editor, uri: str) -> None:
    assert labels(await typed(editor, uri, "data:\n  source: |"))[0] == "people.csv"


async def test_edits_are_counted_in_the_clients_units(client: LanguageClient, editor: Editor, uri: str) -> None:
    encoding = types.PositionEncodingKind(client.initialized.capabilities.position_encoding or "utf-16").value
    before = "input_features: [{name: größe 🧮, "
    wide = {"utf-8": len(before.encode()), "utf-16": len(before) + 1, "utf-32": len(before)}[encoding]
    editor.write(uri, f"{before}ty")
    found = await complete(client, uri, 0, wide + 2)
    edit = next(item for item in found.items if item.label == "type").text_edit
    assert isinstance(edit, types.TextEdit)
    assert (edit.range.start.character, edit.range.end.character) == (wide, wide + 2)


async def test_snippets_go_only_to_an_editor_that_expands_them(
    client: LanguageClient, editor: Editor, uri: str
) -> None:
    document = client.capabilities.text_document
    assert document is not None and document.completion is not None and document.completion.completion_item is not None
    found = await typed(editor, uri, "|")
    snippets = [item for item in found.items if item.insert_text_format is types.InsertTextFormat.Snippet]
    assert bool(snippets) is bool(document.completion.completion_item.snippet_support)


async def test_a_document_that_is_no_config_is_left_alone(client: LanguageClient, editor: Editor) -> None:
    other = editor.open("other.yaml", "services:\n  ")
    assert not (await complete(client, other, 1, 2)).items
    editor.close(other)
