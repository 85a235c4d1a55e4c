"""Formatting lays a text out in one way, keeps every comment, and never changes what the config says."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from tests.lsp_server.editing import applied, at_cursor, document_of, opened

from declml_lsp.layout import laid_out
from declml_lsp.methods import formatting
from declml_schema.document import parse, to_data

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*(ROOT / "tests" / "conformance").glob("*.yaml"), *(ROOT / "runtime").rglob("*.declml.yaml")])

BLANKS = "   "
"""Blanks at the end of a line of a block scalar, which are part of its value."""

CROOKED = f"""\

# top
name:   x   # why


input_features:
- name:  a
  type: number
# about b
- name: b
  type:    text
  encoder:
        type: lstm
        # deep
        dropout: 0.1
- {{name: c,
   type: number}}
output_features:
    -   name: y
        type: category
combiner:
  fc_layers: [1,
    2]
data:
   where: >
       a = 1
         and b{BLANKS}
       or c
"""

STRAIGHT = f"""\
# top
name: x   # why

input_features:
  - name: a
    type: number
  # about b
  - name: b
    type: text
    encoder:
      type: lstm
      # deep
      dropout: 0.1
  - {{name: c,
     type: number}}
output_features:
  - name: y
    type: category
combiner:
  fc_layers: [1,
    2]
data:
  where: >
      a = 1
        and b{BLANKS}
      or c
"""
OPTIONS = types.FormattingOptions(tab_size=2, insert_spaces=True)


def test_indents_gaps_and_blank_lines_are_laid_out_and_comments_stay() -> None:
    assert laid_out(CROOKED) == STRAIGHT


def test_what_is_laid_out_stays_as_it_is() -> None:
    assert laid_out(STRAIGHT) == STRAIGHT


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_the_examples_are_laid_out_already(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert laid_out(text) == text


@pytest.mark.parametrize("text", ["a: [1", "a: 1\na: 2\n", "a:\n\t- b: {", "x: *nothing\n"])
def test_a_text_with_errors_is_left_and_the_log_says_so(text: str) -> None:
    session, snapshot = opened(text)
    params = types.DocumentFormattingParams(document_of(snapshot), OPTIONS)
    assert formatting.whole(session, snapshot, params) == []
    assert "not formatted" in session.client.logged[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("text", [CROOKED, CROOKED.rstrip("\n"), "a:   1", "\n\n\na: 1\n\n\n"])
def test_the_edits_give_the_laid_out_text(text: str, end: str) -> None:
    written = text.replace("\n", end)
    session, snapshot = opened(written)
    edits = formatting.whole(session, snapshot, types.DocumentFormattingParams(document_of(snapshot), OPTIONS))
    assert applied(snapshot, edits).replace("\r\n", "\n") == laid_out(text)
    assert to_data(parse(applied(snapshot, edits)).root) == to_data(parse(written).root)


def test_a_range_is_formatted_alone() -> None:
    session, snapshot = opened("a:   1\nb: 2\nc:   3\n")
    area = types.Range(types.Position(2, 0), types.Position(2, 3))
    params = types.DocumentRangeFormattingParams(document_of(snapshot), area, OPTIONS)
    assert applied(snapshot, formatting.of_range(session, snapshot, params)) == "a:   1\nb: 2\nc: 3\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trainer:\n|", "  "),
        ("input_features:\n|", "  - "),
        ("input_features:\n  - name: a\n  |", "    "),
        ("input_features:\n  - name: a\n    encoder:\n|", "      "),
        ("evaluation:\n  splits:\n|", "    "),
        ("trainer:\n  epochs: 3\n|", "  "),
    ],
)
def test_a_new_line_is_indented_as_the_line_above_asks(text: str, expected: str) -> None:
    plain, position = at_cursor(text)
    session, snapshot = opened(plain)
    place = types.Position(position.line, position.column)
    params = types.DocumentOnTypeFormattingParams(document_of(snapshot), place, "\n", OPTIONS)
    edits = formatting.on_type(session, snapshot, params)
    assert applied(snapshot, edits).split("\n")[position.line] == expected
