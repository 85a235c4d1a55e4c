"""The problems of a whole project over the wire: whole, unchanged, in parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor
from tests.lsp_server.raw_client import RawClient, profile

HEAD = "input_features:\n  - {name: age, type: number}\noutput_features:\n  - {name: income, type: category}\n"
MANY = 45


async def pull(
    client: LanguageClient, editor: Editor, *previous: types.PreviousResultId
) -> dict[str, types.WorkspaceFullDocumentDiagnosticReport | types.WorkspaceUnchangedDocumentDiagnosticReport]:
    """Return what is reported of the files of this project, by their names."""
    params = types.WorkspaceDiagnosticParams([*previous])
    answer = await client.workspace_diagnostic_async(params)
    start = editor.project.as_uri()
    return {each.uri.rpartition("/")[2]: each for each in answer.items if each.uri.startswith(start)}


@ONE_LOOP
async def test_files_and_open_configs_are_told_once(client: LanguageClient, editor: Editor) -> None:
    assert client.initialized.capabilities.diagnostic_provider.workspace_diagnostics
    (editor.project / "closed.declml.yaml").write_text(HEAD + "trainr: 1\n")
    uri = editor.open("opened.declml.yaml", HEAD)
    editor.write(uri, HEAD + "combinr: 1\n")
    first = await pull(client, editor)
    assert {name: [item.code for item in each.items] for name, each in first.items()} == {  # type: ignore[union-attr]
        "closed.declml.yaml": ["unknown-key"], "opened.declml.yaml": ["unknown-key"],
    }  # fmt: skip
    assert {name: each.version for name, each in first.items()} == {
        "closed.declml.yaml": None, "opened.declml.yaml": 2,
    }  # fmt: skip
    known = [types.PreviousResultId(each.uri, each.result_id or "") for each in first.values()]
    again = await pull(client, editor, *known)
    assert {each.kind for each in again.values()} == {"unchanged"}
    editor.write(uri, HEAD)
    third = await pull(client, editor, *known)
    assert (third["closed.declml.yaml"].kind, third["opened.declml.yaml"].kind) == ("unchanged", "full")


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[RawClient]:
    """A client in a project of many configs that sees each message as it is."""
    (tmp_path / ".declml").mkdir()
    for number in range(MANY):
        (tmp_path / f"part{number:03}.declml.yaml").write_text(HEAD + "trainr: 1\n")
    made = RawClient(profile("neovim_v0.11.0"), tmp_path)
    try:
        made.start()
        yield made
        assert made.stop() == 0, made.complaints
    finally:
        made.kill()


def test_parts_reach_a_client_that_takes_them(raw: RawClient) -> None:
    answer = raw.request("workspace/diagnostic", {"previousResultIds": [], "partialResultToken": "parts"})
    parts = [each["params"] for each in raw.received if each.get("method") == "$/progress"]
    assert len(parts) >= 2
    assert {each["token"] for each in parts} == {"parts"}
    reports = [report for each in (*(part["value"] for part in parts), answer) for report in each["items"]]
    assert [each["uri"].rpartition("/")[2] for each in reports] == [
        f"part{number:03}.declml.yaml" for number in range(MANY)
    ]
    assert {each["version"] for each in reports} == {None}
    assert {item["code"] for each in reports for item in each["items"]} == {"unknown-key"}


def test_a_question_that_is_cancelled_is_answered_so_and_holds_up_nobody(raw: RawClient) -> None:
    # In one piece, so that the server has both before it begins.
    question = {"jsonrpc": "2.0", "id": "all", "method": "workspace/diagnostic", "params": {"previousResultIds": []}}
    cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "all"}}
    bodies = [json.dumps(each).encode() for each in (question, cancel)]
    raw.write(b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies))
    answer = raw.wait_for(lambda each: each.get("id") == "all")
    assert answer["error"]["code"] == types.LSPErrorCodes.RequestCancelled.value
    whole = raw.request("workspace/diagnostic", {"previousResultIds": []})
    assert len(whole["items"]) == MANY
