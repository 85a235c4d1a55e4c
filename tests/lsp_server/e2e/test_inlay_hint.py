"""Inlay hints over the wire, for each editor's profile."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, PATIENCE_SECONDS, Editor

pytestmark = ONE_LOOP

CONFIG = """\
input_features:
  - name: "größe 🙂"
    type: text
output_features:
  - name: income
    type: category
trainer:
  learning_rate: 0.001
"""
# A config with an error has no model to compute: this test waits for no process.
BROKEN = CONFIG.replace("learning_rate: 0.001", "learning_rate: -1")


async def hints(client: LanguageClient, uri: str, first: int = 0, last: int = 99) -> list[types.InlayHint]:
    area = types.Range(types.Position(first, 0), types.Position(last, 0))
    params = types.InlayHintParams(types.TextDocumentIdentifier(uri), area)
    return [*(await client.text_document_inlay_hint_async(params) or ())]


async def test_what_nobody_wrote_is_shown_where_it_belongs(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("hints.declml.yaml", BROKEN)
    found = await hints(client, uri)
    assert [(hint.position.line, hint.position.character, hint.label) for hint in found] == [
        (2, 14, "encoder: ngram_bag"),
        (6, 8, "epochs: auto, batch_size: auto"),
    ]
    assert [hint.label for hint in await hints(client, uri, 3, 99)] == ["epochs: auto, batch_size: auto"]
    before = 'input_features: [{name: "größe 🙂", type: text'
    editor.write(uri, before + "}]\ntrainer: {epochs: -1}\n")
    units = {"utf-8": len(before.encode()), "utf-32": len(before)}
    end = units.get(str(client.initialized.capabilities.position_encoding), len(before.encode("utf-16-le")) // 2)
    assert (await hints(client, uri))[0].position == types.Position(0, end)


@pytest.mark.slow
async def test_the_shapes_of_the_model_are_shown_when_they_are_known(client: LanguageClient, editor: Editor) -> None:
    if client.editor != "neovim":
        pytest.skip("the shapes are the same for every editor: one is enough")
    (editor.project / "rows.csv").write_text(
        "size,income\n" + "".join(f"word{index % 9} is said,{index % 2}\n" for index in range(90)), encoding="utf-8"
    )
    uri = editor.open("shapes.declml.yaml", CONFIG.replace('"größe 🙂"', "size") + "data: {source: rows.csv}\n")
    labels: list[str] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not any("[batch" in label for label in labels):
            labels = [str(hint.label) for hint in await hints(client, uri)]
            await asyncio.sleep(0.05)  # the processor is busy with the model
    assert "encoder: ngram_bag → [batch, 64]" in labels
    assert "→ [batch, 2]" in labels
