"""The outline, sent as plain data, is what the protocol's own objects would have been written as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter
from tests.lsp_server.editing import document_of, opened

from declml_lsp.methods import document_symbol
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_schema.problems import Position, Span
from declml_schema.tree import Scalar

EXAMPLES = sorted((Path(__file__).parents[1] / "conformance").glob("*.yaml"))
ODD = {
    "empty": "",
    "half-typed": "input_features:\n  - name: größe 🙂\n    type:\n  -\ntrainer:\n  epochs",
    "not a mapping": "- 1\n- [a, {b: 2}]\n",
    "alias": "defaults: &d {number: {}}\ninput_features: *d\n<<: *d\n",
    "block": "description: |\n  two\n  lines\n\ntrainer: {epochs: 3}\n",
    "no name": "input_features:\n  - type: text\n    encoder: {type: lstm}\n  - {}\n  - [x]\n  - 7\n",
}
TREE = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        document_symbol=types.DocumentSymbolClientCapabilities(hierarchical_document_symbol_support=True)
    )
)
CONVERTER = get_converter()


def asked(text: str, capabilities: types.ClientCapabilities | None, encoding: str = "utf-16") -> Any:
    session, snapshot = opened(text, capabilities=capabilities)
    snapshot = Snapshot(snapshot.uri, 1, Text(text, encoding), text, snapshot.path)
    return document_symbol.respond(session, snapshot, types.DocumentSymbolParams(document_of(snapshot))).data


@pytest.mark.parametrize(
    "text", [*(each.read_text() for each in EXAMPLES), *ODD.values()], ids=[*(each.stem for each in EXAMPLES), *ODD]
)
def test_it_is_written_as_the_protocols_objects_are(text: str) -> None:
    for encoding in ("utf-8", "utf-16", "utf-32"):
        for capabilities, kind in ((TREE, types.DocumentSymbol), (None, types.SymbolInformation)):
            plain = asked(text, capabilities, encoding)
            message = types.DocumentSymbolResponse(1, [CONVERTER.structure(each, kind) for each in plain])
            assert CONVERTER.unstructure(message)["result"] == plain


def test_a_place_is_written_as_a_range_of_it_is() -> None:
    source = "größe 🙂: 1\n\n🙂🙂\n"
    for encoding in ("utf-8", "utf-16", "utf-32"):
        text = Text(source, encoding)
        for line in range(6):
            for column in range(12):
                start, end = Position(line, column), Position(line + 1, 2 * column)
                node = Scalar("", None, None, start, end)
                assert text.written(node) == CONVERTER.unstructure(text.range(Span(start, end)))


def test_a_feature_tells_its_type_and_encoder_and_shows_its_parts() -> None:
    (section,) = asked("input_features:\n  - {name: größe 🙂, type: text, encoder: {type: lstm}}\n", TREE)
    (feature,) = section["children"]
    assert (feature["name"], feature["detail"], feature["kind"]) == ("größe 🙂", "text · lstm", 8)
    assert feature["range"] == {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 55}}
    assert [each["name"] for each in feature["children"]] == ["encoder"]


def test_a_value_that_is_still_to_be_typed_ends_with_its_key() -> None:
    (entry,) = asked("trainer:", TREE)
    assert entry["range"]["start"] == entry["selectionRange"]["start"]
    assert entry["range"]["end"]["character"] in (7, 8)
