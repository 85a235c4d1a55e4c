"""Every notebook that is shipped runs from its first cell to its last, in a kernel of its own."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "jupyter_ext").rglob("*.ipynb"))

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_notebook_runs_and_its_file_is_whole(notebook: Path, project: Path) -> None:
    book = nbformat.read(notebook, as_version=4)
    assert all(not each.get("outputs") for each in book.cells), "a notebook is shipped without outputs"
    client = NotebookClient(
        book, timeout=300, startup_timeout=180, kernel_name="python3", resources={"metadata": {"path": str(project)}}
    )
    client.execute()
    trained = [each for each in book.cells if each.source.startswith("%%declml train") and "--back" not in each.source]
    assert trained
    for cell in trained:
        kinds = [set(each.get("data", {})) for each in cell.outputs]
        assert {"image/png", "text/plain"} in kinds
        assert {"text/html", "text/plain"} in kinds
    text = json.dumps(book)
    assert "widgets" not in book.metadata
    assert "application/javascript" not in text
    assert "widget-view" not in text
