"""The config that several files of tests open: a feature with a wide name, one tied to it, and a data file."""

from __future__ import annotations

from lsprotocol import types
from pytest_lsp import LanguageClient
from tests.lsp_server.e2e.conftest import Editor

CONFIG = """\
data:
  source: rows.csv
input_features:
  - name: títle 🙂
    type: text
    encoder: {type: lstm}
  - name: body
    type: text
    tied: títle 🙂
output_features:
  - name: topic
    type: category
"""
TITLE_LINE, TIED_LINE = 3, 8
_TITLE_WIDTHS = {"utf-8": 11, "utf-16": 8, "utf-32": 7}


def open_article(editor: Editor) -> types.TextDocumentIdentifier:
    """Open the config beside its data."""
    (editor.project / "rows.csv").write_text("títle 🙂,body,topic\na,b,c\n", encoding="utf-8")
    return types.TextDocumentIdentifier(editor.open("article.declml.yaml", CONFIG))


def open_other(editor: Editor) -> types.TextDocumentIdentifier:
    """Open YAML that is no config."""
    return types.TextDocumentIdentifier(editor.open("compose.yaml", "services:\n  - name: web\n    tied: web\n"))


def title_width(client: LanguageClient) -> int:
    """Return how long the wide name is in the unit that client and server agreed on."""
    agreed = client.initialized.capabilities.position_encoding or "utf-16"
    return _TITLE_WIDTHS[str(getattr(agreed, "value", agreed))]
