"""Code lenses over the wire, for each editor's profile, beside runs on the disk."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor
from tests.runtime.runs.builder import write_run

from declml_schema.check import check

pytestmark = ONE_LOOP

CONFIG = """\
data: {source: rows.csv}
input_features:
  - name: size
    type: number
output_features:
  - name: income
    type: category
trainer:
  epochs: 3
"""


async def titles(client: LanguageClient, uri: str) -> list[str]:
    """Return the titles as a client shows them: each lens without a command is resolved."""
    found = await client.text_document_code_lens_async(types.CodeLensParams(types.TextDocumentIdentifier(uri)))
    shown: list[str] = []
    for lens in found or ():
        resolved = lens if lens.command is not None else await client.code_lens_resolve_async(lens)
        assert resolved.command is not None
        assert resolved.command.command in [
            "declml.train", "declml.stop", "declml.resume", "declml.compare", "declml.profile",
        ]  # fmt: skip
        assert (resolved.command.arguments or [None])[0] == uri
        shown.append(resolved.command.title)
    return shown


async def test_a_config_shows_what_can_be_done_and_what_came_of_it(client: LanguageClient, editor: Editor) -> None:
    assert await titles(client, editor.open("never-trained.declml.yaml", CONFIG)) == ["Train", "Profile"]
    metrics = {"validation": {"income": {"accuracy": 0.847}}}
    decides = {"output": "income", "metric": "accuracy", "goal": "maximize"}
    write_run(
        editor.project / "runs", "0012-aaaa", experiment=f"lens-{client.editor}", plan=check(CONFIG).plan,
        config=CONFIG, metrics=metrics, decides=decides,
    )  # fmt: skip
    uri = editor.open(f"lens-{client.editor}.declml.yaml", CONFIG)
    assert await titles(client, uri) == [
        "Train", "Compare with run 12", "Profile", "run 12 · accuracy 0.847 · no change since",
    ]  # fmt: skip
    editor.write(uri, CONFIG.replace("epochs: 3", "epochs: 4\n  batch_size: 8"))
    assert (await titles(client, uri))[-1] == "run 12 · accuracy 0.847 · 2 changes since"


async def test_a_document_that_is_no_config_has_no_lens(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("other.yaml", "a: 1\n")
    assert await titles(client, uri) == []
