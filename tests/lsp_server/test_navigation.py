"""Names of features, anchors and plug-in components are found, highlighted and renamed wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types
from tests.lsp_server.editing import applied, at_cursor, document_of, opened, place_of

from declml_lsp.methods import navigation
from declml_lsp.quoting import as_scalar
from declml_schema.check import check
from declml_schema.document import parse, to_data

CONFIG = """\
input_features:
  - name: title
    type: text
    encoder: &words {type: lstm}
  - name: body
    type: text
    tied: title
    encoder: *words
output_features:
  - name: topic
    type: category
trainer:
  validation_field: topic
  bucketing_field: "title"
evaluation:
  metrics:
    topic: [accuracy]
"""


def with_cursor(line: str, shift: int = 0) -> tuple[str, types.Position]:
    """Return CONFIG and the place of the mark in a line of it."""
    plain = line.replace("|", "")
    text, position = at_cursor(CONFIG.replace(plain, line, 1))
    assert text == CONFIG
    return text, types.Position(position.line, position.column + shift)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    tied: ti|tle\n", [1]),
        ("  - name: ti|tle\n", [1]),
        ('  bucketing_field: "ti|tle"\n', [1]),
        ("  validation_field: |topic\n", [9]),
        ("    to|pic: [accuracy]\n", [9]),
        ("    encoder: *wor|ds\n", [3]),
        ("    type: te|xt\n", []),
    ],
)
def test_a_definition_is_where_the_name_begins(line: str, expected: list[int]) -> None:
    text, place = with_cursor(line)
    session, snapshot = opened(text)
    found = navigation.define(session, snapshot, types.DefinitionParams(document_of(snapshot), place))
    assert [each.range.start.line for each in found] == expected


def test_references_leave_the_definition_out_where_it_is_not_asked_for() -> None:
    text, place = with_cursor("  - name: ti|tle\n")
    session, snapshot = opened(text)

    def lines(declaration: bool) -> list[int]:
        context = types.ReferenceContext(include_declaration=declaration)
        params = types.ReferenceParams(context, document_of(snapshot), place)
        return [each.range.start.line for each in navigation.refer(session, snapshot, params)]

    assert lines(True) == [1, 6, 13]
    assert lines(False) == [6, 13]


def test_highlights_tell_writing_from_reading() -> None:
    text, place = with_cursor("    encoder: &wo|rds {type: lstm}\n")
    session, snapshot = opened(text)
    found = navigation.highlight(session, snapshot, types.DocumentHighlightParams(document_of(snapshot), place))
    assert [(each.range.start.line, each.kind) for each in found] == [
        (3, types.DocumentHighlightKind.Write),
        (7, types.DocumentHighlightKind.Read),
    ]


def renamed(line: str, name: str) -> str | None:
    text, place = with_cursor(line)
    session, snapshot = opened(text)
    edit = navigation.rename(session, snapshot, types.RenameParams(document_of(snapshot), place, name))
    return applied(snapshot, [*(edit.changes or {})[snapshot.uri]]) if edit is not None else None


@pytest.mark.parametrize("name", ["headline", "the title", "no", "a: b", "1", "naïve #1", "x,y"])
def test_a_renamed_feature_keeps_its_column_and_the_config_stays_valid(name: str) -> None:
    after = renamed("    tied: ti|tle\n", name)
    assert after is not None
    result = check(after)
    assert result.plan is not None, [problem.message for problem in result.problems]
    assert (result.plan.inputs[0].name, result.plan.inputs[0].column) == (name, "title")
    assert result.plan.inputs[1].tied == name
    assert result.plan.trainer["bucketing_field"] == name


def test_an_anchor_is_renamed_with_its_uses() -> None:
    after = renamed("    encoder: *wor|ds\n", "shared")
    assert after is not None
    assert "&shared {type: lstm}" in after
    assert "encoder: *shared" in after
    assert to_data(parse(after).root) == to_data(parse(CONFIG).root)


@pytest.mark.parametrize(
    ("line", "name"),
    [("    tied: ti|tle\n", "body"), ("    type: te|xt\n", "number"), ("    encoder: *wor|ds\n", "a b")],
)
def test_a_name_that_is_taken_or_fixed_or_impossible_is_left(line: str, name: str) -> None:
    assert renamed(line, name) is None


def test_prepare_rename_offers_the_name_without_quotes() -> None:
    text, place = with_cursor('  bucketing_field: "ti|tle"\n')
    session, snapshot = opened(text)
    found = navigation.prepare_rename(session, snapshot, types.PrepareRenameParams(document_of(snapshot), place))
    assert found is not None
    assert (found.placeholder, found.range.start.character, found.range.end.character) == ("title", 20, 25)


def test_a_plugins_component_leads_into_its_file(tmp_path: Path) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text('import torch\n\n\nENCODER = Component("encoder", "squares", "Squares.", Squares)\n')
    text, position = at_cursor(
        "code: mine.py\ninput_features:\n  - {name: a, type: number, encoder: {type: squa|res}}\n"
        "output_features:\n  - {name: b, type: number}\n"
    )
    session, snapshot = opened(text, file=tmp_path / "a.declml.yaml")
    word = {
        "name": "squares", "features": ["number"], "module": "plugin:mine.py", "attribute": "ENCODER",
        "doc": "Squares.",
        "properties": {}, "required": [], "rules": [], "facts": {},
    }  # fmt: skip
    words = session.facts.words(snapshot).with_plugins({"encoder": [word]})
    known = navigation.uses(words, snapshot)
    use = navigation.use_at(known, position)
    assert use is not None
    assert use.word is not None
    assert navigation.plugin_file(use.word, [plugin]) == plugin
    assert navigation.line_of(plugin, use.word) == 3
    assert place_of(snapshot, position).line == 2


@pytest.mark.parametrize(
    "text", ["title", "no", "1", "1e-3", "a b", "a: b", "x #y", "#x", "", "null", "-", "- a", "{a", "é", "y"]
)
def test_a_quoted_name_reads_back_as_itself(text: str) -> None:
    for written in (f"name: {as_scalar(text)}\n", f"{{name: {as_scalar(text)}, b: 1}}\n"):
        document = parse(written)
        assert to_data(document.root)["name"] == text  # type: ignore[index]
        assert not document.problems
