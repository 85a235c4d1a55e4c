"""What can be done to a config, over the wire: offered, made when chosen, and right when applied."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, PATIENCE_SECONDS, Editor
from tests.lsp_server.editing import applied, opened

from declml_schema.check import check

pytestmark = ONE_LOOP

CONFIG = """\
data:
  source: rows.csv
input_features:
  - name: width
    type: number
output_features:
  - {name: kind, type: category}
trainr: {epochs: 3}
"""


async def offers(client: LanguageClient, uri: str, line: int) -> list[types.CodeAction]:
    place = types.Position(line, 3)
    context = types.CodeActionContext(diagnostics=[])
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), types.Range(place, place), context)
    return [
        each
        for each in await client.text_document_code_action_async(params) or ()
        if isinstance(each, types.CodeAction)
    ]


async def edits_of(client: LanguageClient, action: types.CodeAction) -> list[Any]:
    """Return the edits of an offer, asked for where the client resolves them."""
    if action.edit is None:
        action = await client.code_action_resolve_async(action)
    assert action.edit is not None
    if action.edit.document_changes:
        return [*action.edit.document_changes[0].edits]  # type: ignore[union-attr]
    return [edit for edits in (action.edit.changes or {}).values() for edit in edits]


async def test_a_misspelt_key_is_mended(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("mended.declml.yaml", CONFIG)
    found = await offers(client, uri, 7)
    mend = next(each for each in found if each.title == "Change 'trainr' to 'trainer'")
    _, snapshot = opened(CONFIG)
    assert "\ntrainer: {epochs: 3}" in applied(snapshot, await edits_of(client, mend))


async def test_features_are_made_of_the_columns_that_are_not_used(client: LanguageClient, editor: Editor) -> None:
    rows = "\n".join(f"{index}.5,{index % 9},{'ab'[index % 2]}" for index in range(60))
    (editor.project / "rows.csv").write_text(f"width,height,kind\n{rows}\n", encoding="utf-8")
    uri = editor.open("columns.declml.yaml", CONFIG)
    found: list[types.CodeAction] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not found:  # the profile is computed by another process
            found = [each for each in await offers(client, uri, 2) if each.title.startswith("Add ")]
    assert found[0].title == "Add a feature for columns that are not used yet: height"
    _, snapshot = opened(CONFIG)
    after = applied(snapshot, await edits_of(client, found[0]))
    assert "  - name: height\n    type: " in after
    plan = check(after.replace("trainr", "trainer")).plan
    assert plan is not None
    assert [each.name for each in plan.inputs] == ["width", "height"]
