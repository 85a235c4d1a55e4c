"""What is being typed at a place, from lines and indents alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.config_generator import generated
from declml_lsp.cursor import Cursor, Kind, locate
from declml_lsp.nodes import Spot, spots
from declml_schema.document import parse
from declml_schema.problems import Position
from declml_schema.source_text import split_lines
from declml_schema.tree import Scalar

from .editing import at_cursor

EXAMPLES = sorted((Path(__file__).parents[1] / "conformance").glob("*.yaml"))
ITEM = "input_features:\n  - name: a\n    type: text\n"


def at(text: str) -> Cursor:
    source, position = at_cursor(text)
    return locate(split_lines(source), position)


@pytest.mark.parametrize(
    ("text", "kind", "path", "prefix"),
    [
        ("|", "key", "", ""),
        ("na|", "key", "", "na"),
        ("trainer:\n  |", "key", "trainer", ""),
        ("trainer:\n  epo|", "key", "trainer", "epo"),
        ("trainer:\n  epochs:|", "value", "trainer.epochs", ""),
        ("trainer:\n  epochs: |", "value", "trainer.epochs", ""),
        ("trainer:\n  epochs: 1|2", "value", "trainer.epochs", "1"),
        ("trainer:\n  epo|chs: 3", "key", "trainer", "epo"),
        ("input_features:\n  - |", "item", "input_features", ""),
        ("input_features:\n  -|", "item", "input_features", ""),
        ("input_features:\n  - na|", "item", "input_features", "na"),
        ("input_features:\n- name: a\n- ty|", "item", "input_features", "ty"),
        (ITEM + "    en|", "key", "input_features[0]", "en"),
        (ITEM + "  - name: b\n    en|", "key", "input_features[1]", "en"),
        (ITEM + "    encoder:\n      type: lstm\n      nu|\n    tied: c", "key", "input_features[0].encoder", "nu"),
        (ITEM + "    encoder: {type: ls|", "value", "input_features[0].encoder.type", "ls"),
        (ITEM + "    encoder: {type: lstm, nu|}", "key", "input_features[0].encoder", "nu"),
        (ITEM + "    encoder: {type: lstm,\n      nu|", "key", "input_features[0].encoder", "nu"),
        ("evaluation: {metrics: [accuracy, r|]}", "item", "evaluation.metrics", "r"),
        ("evaluation:\n  metrics: {a: [acc|", "item", "evaluation.metrics.a", "acc"),
        ("input_features: [{name: a, type: |", "value", "input_features[0].type", ""),
        ("input_features: [{name: a}, {na|", "key", "input_features[1]", "na"),
        ('{"input_features": [{"name": "a"}, {"type": "te|"}]}', "value", "input_features[1].type", "te"),
        ("# JSON\n{\n  trainer: {\n    epo|", "key", "trainer", "epo"),
        ('trainer: {"epo|', "key", "trainer", "epo"),
        ("a: 'b|", "value", "a", "b"),
        ("a: b # c|", "comment", "", ""),
        ("a: {b: c, # d|\n", "comment", "a", ""),
        ("a: >\n  some text|", "text", "a", ""),
        ('a: "some\n  text|', "text", "a", ""),
        ("a: &x b|", "value", "a", "b"),
        ("- - a|", "item", "[0]", "a"),
        ("'a: b': c|", "value", "a: b", "c"),
        ("a: it's {|", "value", "a", "it's {"),
        ("x: [1, 2\ninput_features:\n  - name: a\n    ty|", "key", "input_features[0]", "ty"),
        ("  - {name: a, type: number\n  - name: b\n    ty|", "key", "[1]", "ty"),
    ],
)  # fmt: skip
def test_the_cursor_is_read_from_half_typed_text(text: str, kind: str, path: str, prefix: str) -> None:
    found = at(text)
    assert (found.kind, found.path, found.prefix) == (kind, path, prefix)


@pytest.mark.parametrize(
    ("text", "kind", "path", "indent"),
    [
        ("trainer:\n  epochs: 3\n     |", "key", "trainer", 2),
        ("trainer:\n  epochs: 3\n     ba|", "key", "trainer", 2),
        ("trainer:\n  epochs: 3\n |", "key", "trainer", 2),
        ("trainer:\n  optimizer: {type: sgd}\n      |", "key", "trainer", 2),
        ("trainer:\n  optimizer:\n      |", "key", "trainer.optimizer", 6),
        (ITEM + "   |", "key", "input_features[0]", 4),
        (ITEM + "      |", "key", "input_features[0]", 4),
        (ITEM + "  |", "item", "input_features", 2),
        ("input_features:\n  - {name: a, type: text}\n    |", "item", "input_features", 2),
        ("input_features:\n    - name: a\n  |", "item", "input_features", 4),
        ("data:\n  where: 'a'\n    |", "key", "data", 2),
        ("name: x\ninput_features:\n- {name: a}\n  |\n- name: b", "item", "input_features", 0),
        ("name: x\ninput_features:\n- {name: a}\n  |\ntrainer: {}", "key", "", 0),
    ],
)
def test_a_line_that_is_indented_otherwise_is_read_with_its_neighbours(
    text: str, kind: str, path: str, indent: int
) -> None:
    found = at(text)
    assert (found.kind, found.path, found.indent) == (kind, path, indent)


@pytest.mark.parametrize(
    ("text", "open_key"),
    [
        ("input_features:\n|", "input_features"),
        ("input_features:\n- name: a\n|", "input_features"),
        ("evaluation:\n  metrics:\n  - loss\n  |", "metrics"),
        ("input_features:\n  - name: a\n|", ""),
        ("trainer: {epochs: 3}\n|", ""),
    ],
)
def test_a_blank_line_may_be_the_next_item_of_the_list_at_its_keys_indent(text: str, open_key: str) -> None:
    assert at(text).open_key == open_key


def test_the_keys_above_and_below_are_known_and_those_of_others_are_not() -> None:
    found = at(
        "input_features:\n  - name: a\n    type: text\n    |\n    # a comment\n  # another\n    tied: b\n  - name: c\n"
    )
    assert sorted(found.levels[-1].keys) == ["name", "tied", "type"]
    assert found.levels[-1].scalars == {"name": "a", "type": "text", "tied": "b"}


def test_the_keys_around_a_list_at_its_keys_indent_are_known() -> None:
    found = at("name: x\ninput_features:\n- name: a\n|\ntrainer: {}\n")
    assert sorted(found.levels[-1].keys) == ["input_features", "name", "trainer"]


def test_aliases_are_told_by_their_names() -> None:
    block = at("a:\n  <<: [*one, *two]\n  type: *three\n  |").levels[-1]
    assert block.aliases == {"<<": ["one", "two"], "type": ["three"]}
    flow = at("a: {<<: [*one, *two], type: *three, |}").levels[-1]
    assert flow.aliases == {"<<": ["one", "two"], "type": ["three"]}
    assert "type" not in flow.scalars
    assert at("a:\n  <<: *one\n  <<: [*two, *three]\n  |").levels[-1].aliases == {"<<": ["one", "two", "three"]}


def test_the_items_of_a_list_are_known() -> None:
    assert at("m:\n  - a\n  - 'b'\n  - |").levels[-1].keys == ("b", "a")
    assert at("m: [a, 'b', |]").levels[-1].keys == ("a", "b")


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_cursor_agrees_with_the_parsed_tree_on_the_examples(file: Path) -> None:
    assert disagreements(file.read_text(encoding="utf-8")) == []


def test_the_cursor_agrees_with_the_parsed_tree_on_drawn_configs() -> None:
    assert [found for seed in range(120) for found in disagreements(generated(seed))] == []


def test_the_cursor_agrees_with_the_parsed_tree_in_a_long_config() -> None:
    feature = "  - name: column_{0}\n    type: text\n    encoder:\n      type: lstm\n      dropout: 0.1\n"
    text = "input_features:\n" + "".join(feature.format(number) for number in range(300))
    text += "output_features:\n- {name: y, type: number}\n- name: z\n  type: binary\ntrainer:\n  epochs: 3\nname: x\n"
    assert disagreements(text) == []


def disagreements(text: str) -> list[str]:
    """Return every place of a whole text at which the lines tell something else than the tree."""
    lines = split_lines(text)
    found: list[str] = []
    for spot in spots(parse(text).root):
        wrong = _of_key(lines, spot) if spot.entry is not None else []
        wrong += _of_value(lines, spot)
        found += [f"{spot.path}: {each}" for each in wrong]
    return found


def _of_key(lines: list[str], spot: Spot) -> list[str]:
    span = spot.key_span
    assert span is not None
    wrong: list[str] = []
    for position in (span.start, span.end):
        cursor = locate(lines, position)
        steps = [level.step for level in cursor.levels]
        others = sorted(key for key in spot.levels[-1].keys if key != spot.step)
        merged = spot.step == "<<" or "<<" in cursor.levels[-1].keys
        if cursor.kind is not Kind.KEY or steps != [level.step for level in spot.levels]:
            wrong.append(f"{cursor.kind} at {cursor.path}")
        elif cursor.span != span or not cursor.has_colon:
            wrong.append(f"the key is at {cursor.span}, not {span}")
        elif sorted(cursor.levels[-1].keys) != others and not merged:
            wrong.append(f"beside it are {cursor.levels[-1].keys}, not {others}")
    return wrong


def _of_value(lines: list[str], spot: Spot) -> list[str]:
    node = spot.node
    if not isinstance(node, Scalar) or node.style not in (None, "'", '"') or node.start == node.end:
        return []
    wrong: list[str] = []
    ends: tuple[Position, ...] = (node.span.start, node.span.end)
    for position in ends if spot.entry is not None else ends[1:]:
        cursor = locate(lines, position)
        kind, path = (Kind.VALUE, spot.path) if spot.entry is not None else (Kind.ITEM, spot.path.rpartition("[")[0])
        if (cursor.kind, cursor.path, cursor.span) != (kind, path, node.span):
            wrong.append(f"{cursor.kind} at {cursor.path}, {cursor.span} and not {node.span}")
    return wrong
