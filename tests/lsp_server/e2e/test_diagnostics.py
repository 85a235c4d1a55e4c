"""Problems reach each editor as it wants them: sent with their version, or told when asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, PATIENCE_SECONDS, Editor

pytestmark = ONE_LOOP

HEAD = "input_features:\n  - {name: age, type: number}\noutput_features:\n  - {name: income, type: category}\n"


def told(found: list[types.Diagnostic]) -> list[tuple[object, int]]:
    return [(each.code, each.range.start.line) for each in found]


async def becomes(editor: Editor, uri: str, expected: list[tuple[object, int]]) -> list[types.Diagnostic]:
    """Return a document's problems when they are the expected ones."""
    if not editor.pulls:
        await editor.until(lambda: told([*editor.client.diagnostics.get(uri, ())]) == expected)
        return [*editor.client.diagnostics[uri]]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE_SECONDS
    while told(found := await editor.problems(uri)) != expected:
        assert loop.time() < deadline, f"never came to be: {told(found)}"
        await asyncio.sleep(0.01)  # as an editor asks again when it is told to
    return found


async def test_a_mistake_has_place_code_sentence_and_hint(editor: Editor) -> None:
    uri = editor.open("mistake.declml.yaml", HEAD + "trainr: {epochs: 3}\n")
    (problem,) = await becomes(editor, uri, [("unknown-key", 4)])
    assert problem.range == types.Range(types.Position(4, 0), types.Position(4, 6))
    assert problem.message == "Unknown key 'trainr' in the config. Did you mean 'trainer'?"
    assert problem.severity is types.DiagnosticSeverity.Error
    assert problem.source == "declml"
    editor.close(uri)


async def test_related_places_and_tags_are_sent_to_who_can_show_them(client: LanguageClient, editor: Editor) -> None:
    text = HEAD.replace("income", "age") + "training: {epochs: 3}\n"
    uri = editor.open("related.declml.yaml", text)
    twice, older = await becomes(editor, uri, [("feature-in-and-out", 3), ("legacy-spelling", 4)])
    able = client.capabilities.text_document.publish_diagnostics  # type: ignore[union-attr]
    assert able is not None
    if able.related_information:
        (related,) = twice.related_information or ()
        assert related.location.uri == uri
        assert related.location.range.start.line == 1
        assert related.message == "'age' is here first."
    else:
        assert twice.related_information is None
    if able.tag_support is not None:
        assert list(older.tags or ()) == [types.DiagnosticTag.Deprecated]
    else:
        assert older.tags is None
    assert (older.data is not None) == bool(able.data_support)
    editor.close(uri)


async def test_the_newest_text_counts(editor: Editor) -> None:
    uri = editor.open("newest.declml.yaml", HEAD)
    for number in range(20):
        editor.write(uri, HEAD + f"trainr{number}: 1\n")
    editor.write(uri, HEAD + "\n\ncombinr: 1\n")
    await becomes(editor, uri, [("unknown-key", 6)])
    editor.close(uri)


async def test_closing_takes_the_problems_back(editor: Editor) -> None:
    uri = editor.open("closed.declml.yaml", HEAD + "trainr: 1\n")
    await becomes(editor, uri, [("unknown-key", 4)])
    editor.close(uri)
    await becomes(editor, uri, [])


async def test_other_yaml_is_left_alone(editor: Editor) -> None:
    other = editor.open("compose.yaml", "services:\n  web: {image: nginx}\n  web: {image: other}\n")
    ours = editor.open("train.yaml", HEAD + "trainr: 1\n")
    await becomes(editor, ours, [("unknown-key", 4)])
    assert told([*editor.client.diagnostics.get(other, ())]) == []
    editor.write(ours, "services: {}\n")
    await becomes(editor, ours, [])
    where = types.TextDocumentPositionParams(types.TextDocumentIdentifier(other), types.Position(1, 3))
    assert await editor.client.text_document_hover_async(types.HoverParams(where.text_document, where.position)) is None
    editor.close(other)
    editor.close(ours)


async def test_an_unsaved_buffer_is_served(client: LanguageClient, editor: Editor) -> None:
    uri = "untitled:Untitled-1"
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "yaml", 1, HEAD + "trainr: 1\n"))
    )
    await becomes(editor, uri, [("unknown-key", 4)])
    editor.close(uri)


async def test_a_switched_off_document_is_left_alone(editor: Editor) -> None:
    uri = editor.open("off.declml.yaml", "# ours\n# declml: off\n" + HEAD + "trainr: 1\n")
    other = editor.open("on.declml.yaml", HEAD + "trainr: 1\n")
    await becomes(editor, other, [("unknown-key", 4)])
    assert told([*editor.client.diagnostics.get(uri, ())]) == []
    editor.close(uri)
    editor.close(other)


async def test_the_data_speak_when_they_are_known_and_again_when_they_change(editor: Editor, project: Path) -> None:
    data = project / "people.csv"
    data.write_text("age,income\n" + "".join(f"{each},{'low' if each % 3 else 'high'}\n" for each in range(60)))
    uri = editor.open("data.declml.yaml", HEAD.replace("age", "aeg") + "data: {source: people.csv}\n")
    (problem,) = await becomes(editor, uri, [("absent-column", 1)])
    assert problem.message == ("Column 'aeg' is not in the data. Did you mean 'age'?\nThe columns are age, income.")
    editor.write(uri, HEAD + "data: {source: people.csv}\n")
    await becomes(editor, uri, [])
    data.write_text("age,income\n" + "".join(f"{each} years,{'low' if each % 3 else 'high'}\n" for each in range(60)))
    changes = [types.FileEvent(data.as_uri(), types.FileChangeType.Changed)]
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes))
    (problem,) = await becomes(editor, uri, [("not-a-number", 1)])
    assert "first at row 1: '0 years'" in problem.message
    editor.close(uri)


async def test_what_was_pulled_already_is_not_sent_again(client: LanguageClient, editor: Editor) -> None:
    if not editor.pulls:
        pytest.skip("this editor does not ask")
    uri = editor.open("pulled.declml.yaml", HEAD + "trainr: 1\n")
    document = types.TextDocumentIdentifier(uri)
    first = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
    assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
    params = types.DocumentDiagnosticParams(document, previous_result_id=first.result_id)
    again = await client.text_document_diagnostic_async(params)
    assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
    editor.write(uri, HEAD + "trainr: 1\ncombinr: 2\n")
    third = await client.text_document_diagnostic_async(params)
    assert isinstance(third, types.RelatedFullDocumentDiagnosticReport)
    assert len(third.items) == 2
    editor.close(uri)
