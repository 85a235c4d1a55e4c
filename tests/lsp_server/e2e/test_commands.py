"""Commands: train, stop, resume, plan, runs, compare, profile and the resolved config, as an editor calls them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import ONE_LOOP, Editor

pytestmark = [ONE_LOOP, pytest.mark.slow]

CONFIG = """\
name: flowers
data:
  source: flowers.csv
input_features:
  - name: width
    type: number
output_features:
  - name: kind
    type: category
trainer:
  epochs: 2
  batch_size: 16
"""
ENDLESS = CONFIG.replace("epochs: 2", "epochs: 100000\n  early_stop: -1")
NAMES = [
    "declml.train", "declml.stop", "declml.resume", "declml.plan", "declml.runs", "declml.compare", "declml.profile",
    "declml.resolvedConfig",
]  # fmt: skip


@pytest.fixture
def flowers(project: Path) -> Path:
    rows = [f"{index % 7}.{index % 3},{'rose' if index % 7 > 3 else 'lily'}" for index in range(120)]
    (project / "flowers.csv").write_text("\n".join(["width,kind", *rows]) + "\n", encoding="utf-8")
    return project


def told(client: LanguageClient, name: str, uri: str) -> list[Any]:
    """Return the notifications of a name about a document, as plain data."""
    return [_plain(params) for each, params in client.telling if each == name and _plain(params)["uri"] == uri]


def _plain(params: Any) -> dict[str, Any]:
    return params if isinstance(params, dict) else params._asdict() if hasattr(params, "_asdict") else vars(params)


def ended(client: LanguageClient, uri: str) -> Callable[[], bool]:
    def check() -> bool:
        news = told(client, "declml/training", uri)
        return bool(news) and news[-1]["status"] in ("finished", "failed", "interrupted", "killed")

    return check


def only_vscode(client: LanguageClient) -> None:
    if client.editor != "visual-studio-code":
        pytest.skip("a training is the same for every editor: one is enough")


async def test_every_command_is_declared(client: LanguageClient, editor: Editor) -> None:
    uri = editor.open("resolved.declml.yaml", CONFIG)
    answer = _plain(await editor.command("declml.resolvedConfig", uri))
    assert answer["text"].startswith("name: flowers ")
    assert "epochs: 2" in answer["text"]
    for name in NAMES:
        assert name in editor.commands


async def test_training_tells_every_event_and_what_came_of_it(
    client: LanguageClient, editor: Editor, flowers: Path
) -> None:
    only_vscode(client)
    uri = editor.open("flowers.declml.yaml", CONFIG)
    begun = _plain(await editor.command("declml.train", uri))
    assert begun["status"] in ("starting", "running")
    await editor.until(ended(client, uri))
    kinds = [_plain(each["event"])["kind"] for each in told(client, "declml/event", uri)]
    assert kinds[0] == "run_started"
    assert kinds[-2:] == ["run_finished", "result"]
    assert {"metrics", "checkpoint", "evaluation"} <= set(kinds)
    last = told(client, "declml/training", uri)[-1]
    assert (last["status"], last["epoch"], last["metric"]) == ("finished", 2, "loss")
    assert Path(last["path"]).parent == flowers / "runs" / "flowers"
    await editor.until(lambda: any(each.message.startswith(f"Finished run {last['run']}") for each in client.messages))

    listed = _plain(await editor.command("declml.runs", uri))
    assert [_plain(each)["id"] for each in listed["runs"]] == [last["run"]]
    plan = _plain(await editor.command("declml.plan", uri))
    assert plan["identical_to"] == last["run"]

    itself = _plain(await editor.command("declml.compare", uri, last["run"], last["run"]))
    assert itself["config"] == []
    assert itself["goals"]["accuracy"] == "maximize"
    assert itself["goals"]["log_loss"] == "minimize"


async def test_a_change_is_compared_with_the_last_run(client: LanguageClient, editor: Editor, flowers: Path) -> None:
    only_vscode(client)
    uri = editor.open("flowers.declml.yaml", CONFIG)
    editor.write(uri, CONFIG.replace("batch_size: 16", "batch_size: 8"))
    found = _plain(await editor.command("declml.compare", uri))
    assert "batch_size" in str(found)
    refused = _plain(await editor.command("declml.train", uri))
    assert "not saved" in refused["problem"]


async def test_a_failed_run_is_a_problem_on_the_line_that_caused_it(
    client: LanguageClient, editor: Editor, flowers: Path
) -> None:
    only_vscode(client)
    text = CONFIG.replace("  - name: kind\n    type: category", "  - name: kind\n    type: number")
    uri = editor.open("failing.declml.yaml", text)
    await editor.command("declml.train", uri)
    await editor.until(ended(client, uri))
    assert told(client, "declml/training", uri)[-1]["status"] == "failed"

    def on_the_feature() -> bool:
        lines = [each.range.start.line for each in client.diagnostics.get(uri, [])]
        return any(line in (7, 8) for line in lines)

    await editor.until(on_the_feature)


async def test_a_stopped_training_can_be_resumed(client: LanguageClient, editor: Editor, flowers: Path) -> None:
    only_vscode(client)
    uri = editor.open("endless.declml.yaml", ENDLESS.replace("name: flowers", "name: endless"))
    await editor.command("declml.train", uri)
    await editor.until(lambda: any(each["epoch"] > 1 for each in told(client, "declml/training", uri)))
    assert _plain(await editor.command("declml.stop", uri))["stopped"]
    await editor.until(ended(client, uri))
    first = told(client, "declml/training", uri)[-1]
    assert first["status"] == "interrupted"
    resumed = _plain(await editor.command("declml.resume", uri))
    assert "problem" not in resumed
    await editor.until(lambda: not ended(client, uri)())
    await editor.until(lambda: told(client, "declml/training", uri)[-1]["epoch"] > first["epoch"])
    assert _plain(await editor.command("declml.stop", uri))["stopped"]
    await editor.until(ended(client, uri))
    assert told(client, "declml/training", uri)[-1]["run"] == first["run"]
    assert not _plain(await editor.command("declml.stop", uri))["stopped"]


async def test_the_data_are_profiled(client: LanguageClient, editor: Editor, flowers: Path) -> None:
    only_vscode(client)
    uri = editor.open("profiled.declml.yaml", CONFIG)
    found = _plain(await editor.command("declml.profile", uri))
    assert [_plain(each)["name"] for each in found["columns"]] == ["width", "kind"]


@pytest.mark.parametrize("name", ["declml.train", "declml.plan", "declml.profile", "declml.resolvedConfig"])
async def test_a_document_that_is_not_open_is_refused_in_words(editor: Editor, name: str) -> None:
    assert "open" in _plain(await editor.command(name, "file:///nowhere/x.declml.yaml"))["problem"]


async def test_an_untitled_config_must_be_saved_first(client: LanguageClient, editor: Editor) -> None:
    item = types.TextDocumentItem("untitled:Untitled-1", "yaml", 1, CONFIG)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    answer = _plain(await editor.command("declml.train", "untitled:Untitled-1"))
    assert "saved" in answer["problem"]
