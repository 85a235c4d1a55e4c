"""Hover over the wire, for each editor's profile: a parameter, a change since a run, a place with nothing."""

from __future__ import annotations

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor
from tests.runtime.runs.builder import write_run

from declml_schema.check import check

pytestmark = ONE_LOOP

CONFIG = """\
# Who earns more
input_features:
  - name: "größe 🙂"
    type: number
output_features:
  - name: income
    type: category
trainer:
  epochs: 3
  learning_rate: 0.001
"""
# A config with an error has no model to compute: these tests wait for no process.
BROKEN = CONFIG.replace("type: number", "type: nmber")


@pytest.fixture
def uri(editor: Editor) -> str:
    runs = editor.project / "runs"
    if not runs.exists():
        for number, rate, accuracy in ((1, 0.003, 0.84), (2, 0.001, 0.8)):
            text = CONFIG.replace("0.001", str(rate))
            metrics = {"validation": {"income": {"accuracy": accuracy}}}
            decides = {"output": "income", "metric": "accuracy", "goal": "maximize"}
            write_run(
                runs, f"{number:04d}-aaaa", experiment="hover", plan=check(text).plan, config=text, metrics=metrics,
                decides=decides,
            )  # fmt: skip
    return editor.open("hover.declml.yaml", CONFIG)


async def hovered(client: LanguageClient, uri: str, line: int, column: int) -> types.Hover | None:
    params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, column))
    return await client.text_document_hover_async(params)


async def test_a_changed_parameter_tells_what_it_was_and_what_came_of_it(
    client: LanguageClient, editor: Editor, uri: str
) -> None:
    editor.write(uri, BROKEN.replace("0.001", "0.003"))
    written = await hovered(client, uri, 9, 20)
    assert written is not None
    assert "0.001" in _text(written)
    editor.write(uri, CONFIG.replace("0.001", "0.003"))
    found = await hovered(client, uri, 9, 20)
    assert found is not None
    assert found.range == types.Range(types.Position(9, 17), types.Position(9, 22))
    text = _text(found)
    assert text.startswith("**`learning_rate`** of `trainer`")
    assert "**Changed** since run 2: `0.001` → `0.003`" in text
    assert "Of 2 runs that differ only here: validation accuracy 0.8 → 0.84, better" in text


async def test_the_first_line_tells_every_change(client: LanguageClient, editor: Editor, uri: str) -> None:
    editor.write(uri, CONFIG.replace("epochs: 3", "epochs: 5"))
    found = await hovered(client, uri, 0, 4)
    assert found is not None
    assert "**1 change** since run 2 (accuracy 0.8):\n\n- `trainer.epochs` `3` → `5`" in _text(found)


async def test_places_are_counted_as_the_client_counts(client: LanguageClient, uri: str) -> None:
    found = await hovered(client, uri, 2, 12)
    assert found is not None
    assert found.range is not None
    end = {"utf-8": 24, "utf-32": 19}.get(str(client.initialized.capabilities.position_encoding), 20)
    assert (found.range.start.character, found.range.end.character) == (10, end)
    assert "`größe 🙂`" in _text(found)


async def test_a_place_with_nothing_is_answered_with_nothing(client: LanguageClient, uri: str) -> None:
    assert await hovered(client, uri, 3, 0) is None
    assert await hovered(client, uri, 99, 0) is None


def _text(found: types.Hover) -> str:
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.kind is types.MarkupKind.Markdown
    return found.contents.value
