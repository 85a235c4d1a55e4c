"""A real server on real pipes: whatever an editor asks, each message is right and uses only what the editor declared.

Each request that the server declares is sent for several configs, with the capabilities of VS Code, Neovim and Emacs as
pytest-lsp ships them. What comes back is held against the meta model (`conformance.wire`), against the capabilities
(`conformance.declared`) and against the text: every range lies inside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from conformance import declared, wire

from .questions import NOT_ASKED, QUESTIONS, RESOLVED, Document
from .raw_client import OWN, RawClient, profile

Json: TypeAlias = Any

EDITORS = ("visual_studio_code_v1.65.2", "neovim_v0.6.1", "neovim_v0.11.0", "emacs_v29.1")
EXAMPLES = Path(__file__).parents[1] / "conformance"
TEXTS = {
    "adult_census": (EXAMPLES / "adult_census.yaml").read_text(),
    "multi_output": (EXAMPLES / "multi_output.yaml").read_text(),
    "older_spelling": (EXAMPLES / "older_spelling.yaml").read_text(),
    "wide": """\
# größe 🧮
data: {source: people.csv}
input_features:
  - {name: größe, type: number, encoder: {type: dense, dropuot: 0.1}}
  - name: "🧮 sum"
    type: text
    tied: größe
  - &shared
    name: 🧮🧮
    type: category
output_features:
  - {name: ziel, type: binary}
  - {name: ziel, type: numbr}
trainer: {epochs: 1e1, validation_field: ziel, learning_rate: fast}
""",
    "broken": "input_features:\n  - {name: age, type: number\n  - name: [title\n    typ\noutput_features:\n\t- x: 'y\n",
    "empty": "",
}
MAY_BE_EMPTY = {"textDocument/formatting", "textDocument/rangeFormatting", "textDocument/onTypeFormatting"}
"""Methods that may have nothing to say about any of these texts."""


@pytest.mark.parametrize("editor", EDITORS)
def test_every_message_is_right_and_declared(editor: str, tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.declml.yaml").write_text(text)
    (tmp_path / "people.csv").write_text("größe,🧮 sum,🧮🧮,ziel\n1,a,b,yes\n2,c,d,no\n")
    client = RawClient(profile(editor), tmp_path)
    try:
        told = _converse(client, tmp_path)
        assert client.stop() == 0
    finally:
        client.kill()
    wrong = Counter(_wrong_messages(client))
    assert not wrong, f"{wrong.total()} messages are wrong\n" + "\n".join(wrong)
    assert "Traceback" not in client.complaints, client.complaints[-3000:]
    assert not told, f"{len(told)} answers do not fit\n" + "\n".join(told[:12])


def _converse(client: RawClient, folder: Path) -> list[str]:
    """Ask everything about each text and return which places lie outside it, and what was filled in unasked."""
    capabilities = client.start()["capabilities"]
    encoding = capabilities.get("positionEncoding", "utf-16")
    unknown = capabilities.keys() - QUESTIONS.keys() - NOT_ASKED
    assert not unknown, f"say in QUESTIONS what is asked of {unknown}"
    answered: set[str] = set()
    told: list[str] = []
    for name, text in TEXTS.items():
        uri = (folder / f"{name}.declml.yaml").as_uri()
        document = Document(name, text, uri, encoding=encoding)
        client.open(uri, text)
        document.problems = _problems(client, uri)
        told += document.outside("the problems", document.problems)
        for method, asked in _questions(capabilities, document):
            answer = client.request(method, asked)
            told += document.outside(method, answer)
            if answer not in (None, [], {}) and answer != {"items": [], "isIncomplete": False}:
                answered.add(method)
            for resolving, item in _to_resolve(capabilities, method, answer):
                answered.add(resolving)
                told += _resolved(client, resolving, item)
        client.notify("textDocument/didSave", {"textDocument": {"uri": document.uri}})
        client.notify("textDocument/didClose", {"textDocument": {"uri": document.uri}})
    silent = set(client.methods.values()) - {"initialize"} - answered - MAY_BE_EMPTY
    assert not silent, f"nothing was ever answered to {silent}"
    return told


def _problems(client: RawClient, uri: str) -> list[Json]:
    """Return a document's problems: those that are sent, or those that a client asks for that can."""
    if not declared.declared(client.capabilities, "textDocument.diagnostic"):
        return client.published(uri)
    return client.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})["items"]


def _questions(capabilities: Json, document: Document) -> Iterator[tuple[str, Json]]:
    for key, requests in QUESTIONS.items():
        provider = capabilities.get(key)
        options = provider if isinstance(provider, dict) else {}
        for method, ask in requests.items():
            needed = {
                "textDocument/semanticTokens/full": "full",
                "textDocument/semanticTokens/range": "range",
                "textDocument/prepareRename": "prepareProvider",
                "workspace/diagnostic": "workspaceDiagnostics",
            }.get(method)
            if provider and (needed is None or options.get(needed)):
                yield from ((method, params) for params in ask(document))


def _to_resolve(capabilities: Json, method: str, answer: Json) -> Iterator[tuple[str, Json]]:
    """Yield the first items of an answer, where the server says that it fills them in later."""
    key, resolving = RESOLVED.get(method, ("", ""))
    provider = capabilities.get(key)
    if answer and isinstance(provider, dict) and provider.get("resolveProvider"):
        items = answer["items"] if isinstance(answer, dict) else answer
        yield from ((resolving, item) for item in items[:3])


def _resolved(client: RawClient, resolving: str, item: Json) -> list[str]:
    """Have an item filled in and return what the client did not expect in it."""
    result = client.request(resolving, item)
    return [f"{resolving}: {each}" for each in declared.violations(client.capabilities, resolving, result, asked=item)]


def _wrong_messages(client: RawClient) -> Iterator[str]:
    for message in client.received:
        own = {message["method"]} if str(message.get("method")).startswith(OWN) else set()
        method = message.get("method") or client.methods.get(message.get("id"), "")
        found = wire.violations_of_message(message, sender="server", answers=client.methods, own=own)
        if not found and "error" not in message and not own:
            content = message.get("params") if "method" in message else message["result"]
            found = declared.violations(client.capabilities, method, content)
        yield from (f"{method}: {each}" for each in found[:3])


def test_a_notebook_cell_is_checked_past_its_magic_line(tmp_path: Path) -> None:
    notebooks = {"notebookDocument": {"synchronization": {"executionSummarySupport": True}}}
    client = RawClient(profile("visual_studio_code_v1.65.2") | notebooks, tmp_path)
    notebook, cell = (tmp_path / "a.ipynb").as_uri(), "vscode-notebook-cell:/a.ipynb#1"
    try:
        capabilities = client.start()["capabilities"]
        assert "notebookDocumentSync" in capabilities
        text = "%%declml\ninput_features: [{name: a, type: numbr}]\noutput_features: [{name: b, type: binary}]\n"
        client.notify(
            "notebookDocument/didOpen",
            {
                "notebookDocument": {
                    "uri": notebook, "notebookType": "jupyter-notebook", "version": 1,
                    "cells": [{"kind": 2, "document": cell}],
                },
                "cellTextDocuments": [{"uri": cell, "languageId": "python", "version": 1, "text": text}],
            },
        )  # fmt: skip
        found = client.published(cell)
        assert [(each["code"], each["range"]["start"]) for each in found] == [
            ("unknown-type", {"line": 1, "character": 33})
        ]
        assert client.stop() == 0
    finally:
        client.kill()
    assert not list(_wrong_messages(client))


def test_what_is_wrong_with_a_request_is_an_error_and_no_end(tmp_path: Path) -> None:
    client = RawClient(profile("neovim_v0.11.0"), tmp_path)
    try:
        client.start()
        assert client.ask("textDocument/definitely", {})["error"]["code"] == -32601
        assert "error" in client.ask("workspace/executeCommand", {"command": "declml.absent"})
        assert client.ask("textDocument/diagnostic", {"textDocument": 3})["error"]["code"] == -32602
        assert client.stop() == 0
    finally:
        client.kill()
    assert not list(_wrong_messages(client))
