"""How what is offered comes into the text: rightly indented, quoted and closed, and as each client can take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from declml_lsp.completion.client import SUGGEST_COMMAND
from declml_schema.check import check
from declml_schema.document import parse
from declml_schema.vocabulary import vocabulary

from .completing import EMACS, NEOVIM, VS_CODE, capabilities_of, column, completed, table

EXAMPLES = [
    file
    for file in sorted((Path(__file__).parents[1] / "conformance").glob("*.yaml"))
    if not any(each.code in ("legacy-spelling", "not-built-yet") for each in check(file.read_bytes()).problems)
]
TEXT = "input_features:\n  - name: a\n    type: text\n"
HARMFUL = ("yaml-syntax", "unknown-key", "duplicate-key", "complex-key", "foreign-parameter", "unknown-type")
CHOOSING = ("type", "decay", "model_type")
MARK = "<MARK>"


# What is written.


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("tra|", "trainer", "trainer:"),
        ("trainer:\n  |", "epochs", "trainer:\n  epochs: "),
        ("trainer:\n  epo|: 3", "epochs", "trainer:\n  epochs: 3"),
        ("trainer:\n  |epo: 3", "epochs", "trainer:\n  epochs: 3"),
        ("trainer:\n  epo| : 3", "epochs", "trainer:\n  epochs: 3"),
        ("trainer: {epo|: 3}", "epochs", "trainer: {epochs: 3}"),
        ("trainer: {epo|, seed: 1}", "epochs", "trainer: {epochs: , seed: 1}"),
        ("trainer: {'epo|'}", "epochs", "trainer: {'epochs': }"),
        ('{"trainer": {"epo|": 3}}', "epochs", '{"trainer": {"epochs": 3}}'),
        ("trainer:|", "epochs", "trainer:\n  epochs: "),
        ("trainer: |", "epochs", "trainer:\n  epochs: "),
        ("trainer:\n    epochs: 3\npreprocessing: |", "sample_size", None),
        ("name: x\ndata:\n    limit: 3\ntrainer: |", "epochs", "name: x\ndata:\n    limit: 3\ntrainer:\n    epochs: "),
        (TEXT + "    encoder: |", "lstm", TEXT + "    encoder:\n      type: lstm"),
        (TEXT + "    encoder:|", "lstm", TEXT + "    encoder:\n      type: lstm"),
        (TEXT + "    encoder: ls|", "lstm", TEXT + "    encoder:\n      type: lstm"),
        ("input_features: [{name: a, type: text, encoder: |}]", "lstm", None),
        (TEXT + "    encoder:\n      type:|", "lstm", TEXT + "    encoder:\n      type: lstm"),
        (TEXT + "    encoder: {type:|}", "lstm", TEXT + "    encoder: {type: lstm}"),
        (TEXT + "    encoder: {type: lst|mm, dropout: 0.1}", "lstm", TEXT + "    encoder: {type: lstm, dropout: 0.1}"),
        ("combiner:\n  activation: re|lu  # why", "tanh", "combiner:\n  activation: tanh  # why"),
        ("combiner:\n  activation: 're|'", "tanh", "combiner:\n  activation: 'tanh'"),
        ('combiner:\n  activation: "re|', "tanh", 'combiner:\n  activation: "tanh"'),
        ("trainer:\n  epochs: '1|'", "100", "trainer:\n  epochs: 100"),
        ("input_features:\n  |", "- name", "input_features:\n  - name: "),
        ("input_features:\n|", "- name", "input_features:\n- name: "),
        ("input_features:\n  -|", "name", "input_features:\n  - name: "),
        ("input_features:\n  - na|", "name", "input_features:\n  - name: "),
        ("input_features: |", "name", "input_features:\n  - name: "),
        ("input_features: [|]", "name", "input_features: [{name: }]"),
        (TEXT + "  |", "- name", TEXT + "  - name: "),
        ("input_features:\n- name: a\n|", "- name", "input_features:\n- name: a\n- name: "),
        ("evaluation:\n  splits: |", "test", "evaluation:\n  splits: [test]"),
        ("evaluation:\n  splits: [te|]", "test", "evaluation:\n  splits: [test]"),
        ("evaluation:\n  splits:\n    -|", "test", "evaluation:\n  splits:\n    - test"),
        ("evaluation:\n  splits:\n    |", "- test", "evaluation:\n  splits:\n    - test"),
        ("trainer:\n  epochs: 3\n      ba|", "batch_size", "trainer:\n  epochs: 3\n  batch_size: "),
        ("trainer:\n  epochs: 3\n |", "batch_size", "trainer:\n  epochs: 3\n  batch_size: "),
    ],
)  # fmt: skip
def test_what_is_taken_is_written_where_it_belongs(text: str, label: str, expected: str | None) -> None:
    answer = completed(text)
    if expected is None:
        expected = {
            "sample_size": "trainer:\n    epochs: 3\npreprocessing:\n    sample_size: ",
            "lstm": "input_features: [{name: a, type: text, encoder: {type: lstm}}]",
        }[label]
    assert answer.taken(label) == expected


@pytest.mark.parametrize(
    ("name", "written"),
    [("age", "age"), ("no", '"no"'), ("a: b", '"a: b"'), ("1", '"1"'), ("[x", '"[x"'), ('"x" y', '"\\"x\\" y"')],
)
def test_a_name_that_would_be_something_else_is_written_in_quotes(name: str, written: str) -> None:
    data = table(column(name, "category"))
    plain = completed("input_features:\n  - name: |", data=data)
    assert plain.taken(name) == f"input_features:\n  - name: {written}"
    for quote in ('"', "'"):
        answer = completed(f"input_features:\n  - name: {quote}|", data=data)
        assert (answer.item(name).filter_text or "").startswith(quote)
        root = parse(answer.taken(name)).root
        assert check(answer.taken(name)).data["input_features"] == [{"name": name}], root


def test_the_lines_of_a_windows_text_end_alike() -> None:
    answer = completed("name: x\r\ntrainer: |")
    edit = answer.item("epochs").text_edit
    assert isinstance(edit, types.TextEdit)
    assert edit.new_text == "\r\n  epochs: "


def test_places_are_counted_as_the_client_counts() -> None:
    answer = completed("input_features:\n  - {name: 🧮🧮, ty|")
    edit = answer.item("type").text_edit
    assert isinstance(edit, types.TextEdit)
    assert (edit.range.start.character, edit.range.end.character) == (17, 19)


def whole_lines(text: str) -> Iterator[str]:
    """Yield a text with a mark on a new line after each line, at the indents that its neighbours have."""
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1]):
        content = line.lstrip(" -")
        below = next((each for each in lines[number + 1 :] if each.strip()), "")
        depth = len(below) - len(below.lstrip())
        for indent in sorted({len(line) - len(content), len(line) - len(line.lstrip())}):
            if content[:1] not in ("", "#") and depth <= indent and not (depth == indent and below.lstrip()[:1] == "-"):
                yield "\n".join([*lines[: number + 1], " " * indent + MARK, *lines[number + 1 :]])


def harm(text: str) -> Counter[str]:
    return Counter(each.code for each in check(text).problems if each.code in HARMFUL)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_whatever_is_taken_on_a_new_line_does_no_harm(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    before, tried = harm(text), 0
    for marked in whole_lines(text):
        answer = completed(marked, mark=MARK)
        for item in answer.items:
            assert harm(answer.taken(item)) <= before, f"{item.label}\n{answer.taken(item)}"
            tried += 1
    assert tried > 20


def scalars(text: str) -> Iterator[str]:
    """Yield a text with a mark in the place of each of its plain values, but for those that say what else may stand."""
    from declml_lsp.nodes import spots
    from declml_schema.tree import Scalar

    lines = text.split("\n")
    for spot in spots(parse(text).root):
        span = spot.node.span
        if isinstance(spot.node, Scalar) and spot.step not in CHOOSING and span.start.line == span.end.line:
            line = lines[span.start.line]
            marked = line[: span.start.column] + MARK + line[span.end.column :]
            yield "\n".join([*lines[: span.start.line], marked, *lines[span.start.line + 1 :]])


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_whatever_is_taken_for_a_value_does_no_harm(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    before = harm(text)
    for marked in scalars(text):
        answer = completed(marked, mark=MARK)
        for item in answer.items:
            assert harm(answer.taken(item)) <= before, f"{item.label}\n{answer.taken(item)}"


# Snippets.


def test_a_new_feature_is_a_snippet_with_places_to_fill_in() -> None:
    item = completed("input_features:\n  - |").item("name, type …")
    assert item.insert_text_format is types.InsertTextFormat.Snippet
    assert item.kind is types.CompletionItemKind.Snippet
    edit = item.text_edit
    assert isinstance(edit, types.TextEdit)
    assert edit.new_text == "name: $1\n    type: ${2|bag,binary,category,date,h3,number,sequence,set,text,vector|}"
    assert completed("input_features:\n  - |").taken(item) == "input_features:\n  - name: x\n    type: bag"


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("|", "input_features …", "input_features:\n  - name: x\n    type: bag"),
        ("|", "trainer …", "trainer:\n  epochs: x"),
        ("trainer:\n  |", "optimizer …", "trainer:\n  optimizer:\n    type: adamw"),
        (TEXT + "    |", "encoder …", TEXT + "    encoder:\n      type: ngram_bag"),
        (TEXT + "  |", "- name, type …", TEXT + "  - name: x\n    type: bag"),
        ("input_features: |", "name, type …", "input_features:\n  - name: x\n    type: bag"),
        ("input_features: [|]", "name, type …", "input_features: [{name: x, type: bag}]"),
        ("preprocessing:\n  |", "split …", "preprocessing:\n  split:\n    type: random"),
    ],
)
def test_a_new_block_is_a_snippet_with_what_it_needs(text: str, label: str, expected: str) -> None:
    assert completed(text).taken(label) == expected


def test_nothing_is_offered_as_a_snippet_to_a_client_without_them() -> None:
    for text in ("|", "input_features:\n  - |", "trainer: {|}", "input_features: [|]"):
        items = completed(text, editor=EMACS).items
        assert items
        assert not [each.label for each in items if each.insert_text_format is types.InsertTextFormat.Snippet]
        assert not [each.label for each in items if "…" in each.label]


def test_a_snippet_is_indented_by_whoever_expands_it_unless_that_can_be_turned_off() -> None:
    text = TEXT + "    |"
    as_is = completed(text, editor=VS_CODE).item("encoder …")
    assert as_is.insert_text_mode is types.InsertTextMode.AsIs
    assert "\n      type:" in as_is.text_edit.new_text  # type: ignore[union-attr]
    adjusted = completed(text, editor=NEOVIM).item("encoder …")
    assert adjusted.insert_text_mode is None
    assert "\n  type:" in adjusted.text_edit.new_text  # type: ignore[union-attr]


# What a client understands.


def test_documentation_is_fetched_where_the_client_does_that_and_sent_along_where_not() -> None:
    for editor, is_fetched in ((VS_CODE, True), (EMACS, True), (NEOVIM, False)):
        answer = completed("trainer:\n  |", editor=editor)
        item = answer.item("epochs")
        assert (item.documentation is None) is is_fetched, editor
        assert "Passes over the training rows" in answer.docs("epochs")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("trainer:\n  |", "learning_rate"),
        (TEXT + "    encoder: {type: ls|}", "lstm"),
        (TEXT + "    encoder: |", "lstm"),
        (TEXT + "    encoder:\n      type: lstmm\n      |", "state_size"),
        ("input_features:\n  - name: |", "age"),
        ("input_features:\n  - |", "age"),
        ("input_features:\n|", "- name"),
        ("trainer:\n  bucketing_field: |\n" + TEXT, "a"),
        ("output_features: [{name: y, type: number}]\nevaluation: {metrics: {y: [|", "r2"),
        (TEXT + "    encoder: &e {type: lstm}\n  - name: b\n    type: text\n    encoder: *|", "*e"),
        ("preprocessing:\n  |", "split …"),
    ],
)
def test_the_documentation_is_the_same_both_ways(text: str, label: str) -> None:
    data = table(column("age", "number"))
    sent, fetched = capabilities_of(VS_CODE), capabilities_of(VS_CODE)
    assert sent.text_document and sent.text_document.completion and sent.text_document.completion.completion_item
    sent.text_document.completion.completion_item.resolve_support = None
    along = completed(text, capabilities=sent, data=data)
    assert along.item(label).documentation is not None
    later = completed(text, capabilities=fetched, data=data)
    assert later.item(label).documentation is None
    assert later.docs(label) == along.docs(label) != ""


def test_an_item_that_nobody_knows_stays_as_it_is() -> None:
    answer = completed("trainer:\n  |")
    for data in (None, 3, {}, {"uri": "file:///other"}, {**answer.item("epochs").data, "levels": [1]}):  # type: ignore[dict-item]
        item = types.CompletionItem("epochs", data=data)
        from declml_lsp.methods.completion_resolve import resolve

        assert resolve(answer.session, item).documentation is None


def test_data_are_sent_once_to_a_client_that_spreads_them() -> None:
    capabilities = capabilities_of(VS_CODE)
    assert capabilities.text_document and capabilities.text_document.completion
    capabilities.text_document.completion.completion_list = types.CompletionListCapabilities(item_defaults=["data"])
    answer = completed("trainer:\n  |", capabilities=capabilities)
    assert answer.list.item_defaults is not None
    assert all(item.data is None for item in answer.items)
    assert "Passes over" in answer.docs("epochs")


def test_markdown_is_sent_to_a_client_that_shows_it_and_plain_text_to_others() -> None:
    marked = completed("trainer:\n  |", editor=NEOVIM).item("epochs").documentation
    assert isinstance(marked, types.MarkupContent)
    assert marked.kind is types.MarkupKind.Markdown
    assert "Default: `auto`" in marked.value
    plain = completed("trainer:\n  |", editor=EMACS).docs("epochs")
    assert "Default: 'auto'" in plain
    assert "`" not in plain


def test_kinds_that_a_client_does_not_show_are_replaced() -> None:
    old = {
        each.kind
        for text in ("|", "trainer:\n  regularization_type: |")
        for each in completed(text, editor=EMACS).items
    }
    assert all(kind is not None and kind <= types.CompletionItemKind.Reference for kind in old)
    new = {each.kind for each in completed("|", editor=VS_CODE).items}
    assert types.CompletionItemKind.Struct in new


def test_a_deprecated_parameter_comes_last_and_is_marked() -> None:
    source = vocabulary().as_json()
    sections = [
        {**each, "properties": {**each["properties"], "epochs": {**each["properties"]["epochs"], "deprecated": True}}}
        if each["name"] == "trainer"
        else each
        for each in source["components"]["section"]
    ]
    words = type(vocabulary())({**source, "components": {**source["components"], "section": sections}})
    tagged = completed("trainer:\n  |", words=words)
    assert tagged.keys[-1] == "epochs"
    assert tagged.item("epochs").tags == [types.CompletionItemTag.Deprecated]
    untagged = capabilities_of(VS_CODE)
    assert (
        untagged.text_document
        and untagged.text_document.completion
        and untagged.text_document.completion.completion_item
    )
    untagged.text_document.completion.completion_item.tag_support = None
    assert completed("trainer:\n  |", words=words, capabilities=untagged).item("epochs").deprecated is True


def test_type_and_default_stand_beside_the_label() -> None:
    assert completed("combiner:\n  |").item("output_size").detail == "integer >= 1 or auto, default auto"
    capabilities = capabilities_of(VS_CODE)
    assert capabilities.text_document and capabilities.text_document.completion
    assert capabilities.text_document.completion.completion_item
    capabilities.text_document.completion.completion_item.label_details_support = True
    details = completed("combiner:\n  |", capabilities=capabilities).item("output_size").label_details
    assert details is not None
    assert details.description == "integer >= 1 or auto, default auto"


def test_an_editor_that_names_the_command_is_asked_to_complete_again() -> None:
    capabilities = capabilities_of(VS_CODE)
    assert all(item.command is None for item in completed("trainer:\n  |").items)
    capabilities.experimental = {"commands": {"commands": [SUGGEST_COMMAND]}}
    answer = completed("trainer:\n  |", capabilities=capabilities)
    command = answer.item("epochs").command
    assert command is not None
    assert command.command == SUGGEST_COMMAND
    assert answer.item("optimizer").command is None  # its value stands on the next line


def test_every_edit_is_on_one_line_and_holds_the_cursor() -> None:
    for text in ("trainer:\n  epo|chs: 3", "trainer:\n  epochs: 3\n     |", TEXT + "    encoder: ls|tm", "x: {a|"):
        answer = completed(text)
        for item in answer.items:
            edit = item.text_edit
            assert isinstance(edit, types.TextEdit)
            start, end = edit.range.start, edit.range.end
            assert start.line == end.line == answer.place.line
            assert start.character <= answer.place.character <= end.character
