"""Which documents are ours, and which are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from declml_lsp.recognise import cell_config, is_config
from declml_lsp.session import snapshot_of
from declml_lsp.text import Text

FEATURES = "input_features:\n  - {name: a, type: number}\n"


@pytest.mark.parametrize(
    ("uri", "text", "language", "ours"),
    [
        ("file:///p/a.declml.yaml", "", "yaml", True),
        ("file:///p/a.declml.yml", "services: {}", "yaml", True),
        ("file:///p/declml.yaml", "", "yaml", True),
        ("file:///p/a%20b.declml.yaml", "", "yaml", True),
        ("file:///p/a.declml.yaml?version=3", "", "yaml", True),
        ("file:///p/mydeclml.yaml", "", "yaml", False),
        ("file:///p/a.declml.yaml.txt", FEATURES, "plaintext", False),
        ("file:///p/train.yaml", FEATURES, "yaml", True),
        ("file:///p/train.YAML", "x: 1\n" + FEATURES, "", True),
        ("file:///p/train.yaml", "'input_features': []\n", "yaml", True),
        ("file:///p/train.yaml", "{input_features: [], x: 1}\n", "yaml", True),
        ("file:///p/train.yaml", "model:\n  input_features: []\n", "yaml", False),
        ("file:///p/train.yaml", "# input_features: []\n", "yaml", False),
        ("file:///p/train.json", FEATURES, "json", False),
        ("file:///p/train.yaml", "# declml\nx: 1\n", "yaml", True),
        ("file:///p/train.yaml", "# who and when\n\n---\n#declml\nx: 1\n", "yaml", True),
        ("file:///p/train.yaml", "x: 1\n# declml\n", "yaml", False),
        ("file:///p/train.yaml", "# declml is nice\n", "yaml", False),
        ("file:///p/notes", "", "declml", True),
        ("untitled:Untitled-1", FEATURES, "yaml", True),
        ("untitled:Untitled-1", "x: 1\n", "yaml", False),
        ("file:///p/a.declml.yaml", "# declml: off\n" + FEATURES, "yaml", False),
        ("file:///p/a.declml.yaml", "# ours\n\n#declml:off\r\n" + FEATURES, "yaml", False),
        ("file:///p/a.declml.yaml", "x: 1\n# declml: off\n", "yaml", True),
        ("file:///p/a.declml.yaml", "# declml: ignore[zzz]\n", "yaml", True),
    ],
)
def test_a_document_is_ours(uri: str, text: str, language: str, ours: bool) -> None:
    assert is_config(uri, text, language=language) is ours


@pytest.mark.parametrize(
    ("cell", "config"),
    [
        ("%%declml\nx: 1\n", "\nx: 1\n"),
        ("%%declml --data frame --name 'a b'\r\nx: 1\r\n", "\r\nx: 1\r\n"),
        ("%%declml", ""),
        ("%%declml   \nx: 1", "\nx: 1"),
        ("%%declmlx\nx: 1\n", None),
        ("%declml\nx: 1\n", None),
        ("import declml\n%%declml\n", None),
        ("", None),
    ],
)
def test_a_cell_is_ours_when_it_begins_with_the_magic_line(cell: str, config: str | None) -> None:
    assert cell_config(cell) == config
    if config is not None:
        assert config.count("\n") == cell.count("\n"), "every line keeps its number"


@pytest.mark.parametrize("notebook", ["file:///p/book.ipynb", None])
def test_a_cell_stands_in_its_notebooks_folder(notebook: str | None) -> None:
    uri = "vscode-notebook-cell:/p/book.ipynb#W2"
    snapshot = snapshot_of(uri, 1, Text("%%declml\nx: 1\n"), language="python", notebook=notebook)
    assert snapshot is not None
    assert snapshot.is_cell
    assert snapshot.lines == ["", "x: 1", ""]
    assert snapshot.path == (Path("/p/book.ipynb") if notebook else None)
    assert snapshot_of(uri, 1, Text("x = 1"), language="python", notebook=notebook) is None


def test_an_unsaved_buffer_has_no_file() -> None:
    snapshot = snapshot_of("untitled:Untitled-1", 1, Text(FEATURES), language="yaml", notebook=None)
    assert snapshot is not None
    assert snapshot.path is None
    assert snapshot.folder == Path.cwd()
