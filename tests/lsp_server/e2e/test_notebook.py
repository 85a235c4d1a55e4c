"""Cells that begin with ``%%declml`` are configs; every place in them is a place of the cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lsp_server.raw_client import RawClient, profile

Json = Any
HEAD = "input_features:\n  - {name: age, type: number}\noutput_features:\n  - {name: income, type: category}\n"
BOOK = "file:///project/book.ipynb"
NOTEBOOKS = {"notebookDocument": {"synchronization": {"dynamicRegistration": True, "executionSummarySupport": True}}}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[RawClient]:
    made = RawClient(profile("visual_studio_code_v1.65.2") | NOTEBOOKS, tmp_path)
    try:
        made.start()
        yield made
        assert made.stop() == 0, made.complaints
    finally:
        made.kill()


def cell(name: str) -> str:
    return f"vscode-notebook-cell:/project/book.ipynb#{name}"


def item(name: str, text: str, *, language: str = "python") -> Json:
    return {"uri": cell(name), "languageId": language, "version": 1, "text": text}


def code(name: str) -> Json:
    return {"kind": 2, "document": cell(name)}


def open_book(client: RawClient, **cells: str) -> None:
    notebook = {"uri": BOOK, "notebookType": "jupyter-notebook", "version": 1, "cells": [code(name) for name in cells]}
    texts = [item(name, text) for name, text in cells.items()]
    client.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": texts})


def change_book(client: RawClient, version: int, cells: Json) -> None:
    document = {"uri": BOOK, "version": version}
    client.notify("notebookDocument/didChange", {"notebookDocument": document, "change": {"cells": cells}})


def edit(client: RawClient, version: int, name: str, change: Json) -> None:
    text = {"document": {"uri": cell(name), "version": version}, "changes": [change]}
    change_book(client, version, {"textContent": [text]})


def becomes(client: RawClient, name: str, *codes: str) -> None:
    """Wait until a cell's problems are the expected ones; what settings bring in between does not count."""
    while [each["code"] for each in client.published(cell(name))] != [*codes]:
        pass


def symbols(client: RawClient, name: str) -> Json:
    return client.request("textDocument/documentSymbol", {"textDocument": {"uri": cell(name)}})


def test_a_cell_is_checked_past_its_magic_line(client: RawClient) -> None:
    wide = HEAD.replace("age", "größe 🙂")
    open_book(
        client,
        first="import declml",
        second="%%declml --data frame --name here\n" + HEAD + "trainr: 1\n",
        third="%%declml\n" + wide.replace("number", "numbr"),
        fourth="# input_features:\n%%declml\n",
    )
    (found,) = client.published(cell("second"))
    assert found["code"] == "unknown-key"
    assert found["range"] == {"start": {"line": 5, "character": 0}, "end": {"line": 5, "character": 6}}
    (found,) = client.published(cell("third"))
    assert found["range"] == {"start": {"line": 2, "character": 27}, "end": {"line": 2, "character": 32}}
    assert symbols(client, "second")
    assert not symbols(client, "first")
    assert not symbols(client, "fourth")


def test_cells_change_come_and_go(client: RawClient) -> None:
    open_book(client, first="import declml", second="%%declml\n" + HEAD)
    edit(client, 2, "second", {"text": "%%declml\n" + HEAD + "trainr: 1\n"})
    becomes(client, "second", "unknown-key")
    place = {"line": 5, "character": 5}
    edit(client, 3, "second", {"range": {"start": place, "end": place}, "text": "e"})
    becomes(client, "second", "wrong-type")
    array = {"start": 1, "deleteCount": 0, "cells": [code("new")]}
    change_book(client, 4, {"structure": {"array": array, "didOpen": [item("new", "%%declml\ntrainr: 1\n")]}})
    becomes(client, "new", "missing-key", "missing-key", "unknown-key")
    edit(client, 5, "second", {"text": "print('no config any more')"})
    becomes(client, "second")
    array = {"start": 1, "deleteCount": 1}
    change_book(client, 6, {"structure": {"array": array, "didClose": [{"uri": cell("new")}]}})
    becomes(client, "new")
    edit(client, 7, "first", {"text": "%%declml\ntrainr: 1\n"})
    becomes(client, "first", "missing-key", "missing-key", "unknown-key")
    left = [{"uri": cell(name)} for name in ("first", "second")]
    client.notify("notebookDocument/didClose", {"notebookDocument": {"uri": BOOK}, "cellTextDocuments": left})
    becomes(client, "first")
    assert not symbols(client, "first")


def test_a_file_beside_a_notebook_stays_open(client: RawClient, tmp_path: Path) -> None:
    uri = (tmp_path / "a name with blanks ü.declml.yaml").as_uri()
    client.open(uri, HEAD + "trainr: 1\n")
    assert len(client.published(uri)) == 1
    open_book(client, first="%%declml\n" + HEAD)
    edit(client, 2, "first", {"text": "%%declml\n" + HEAD + "x: 1\n"})
    assert client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
