"""The tree that lines give is the one that libyaml's events give: same values, same places, or none at all."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.yaml_suite.judge import cases
from declml_schema.compose import Composer
from declml_schema.compose_lines import compose_lines
from declml_schema.document import parse
from declml_schema.placement import Shifts
from declml_schema.problems import ProblemList
from declml_schema.source_text import clean
from declml_schema.tree import MappingNode, Node, Scalar, SequenceNode

ROOT = Path(__file__).parents[2]
CONFIGS = sorted([*(ROOT / "tests" / "conformance").glob("*.yaml"), *(ROOT / "runtime").rglob("*.declml.yaml")])
NOT_PLAIN = {"anchors.yaml"}


def shape(node: Node) -> Any:
    """Return all that a node knows, without aliases: lines give none."""
    span = node.span
    place = (span.start.line, span.start.column, span.end.line, span.end.column)
    if isinstance(node, Scalar):
        return (place, node.text, repr(node.value), node.style, node.anchor, node.tag)
    assert isinstance(node, MappingNode | SequenceNode)
    about = (place, node.flow, node.anchor, node.tag)
    if isinstance(node, SequenceNode):
        return (*about, [shape(item) for item in node.items])
    return (*about, node.simple, [(shape(each.key), shape(each.value), each.merged) for each in node.entries])


def agrees(text: str) -> bool:
    """Return whether lines give a tree of ``text``; it must be libyaml's then, and the text without a problem."""
    source = clean(text, ProblemList())
    root = compose_lines(source.text, source.lines)
    if root is None:
        return False
    composer = Composer(source.lines)
    assert composer.run(source.text) is None
    assert composer.problems == []
    assert composer.root is not None
    shifts = Shifts({}, source.lines)
    if shifts.is_needed(composer.root, []):
        shifts.move_tree(composer.root)
    assert shape(root) == shape(composer.root)
    return True


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_the_examples_are_plain_and_give_the_same_tree(path: Path) -> None:
    assert agrees(path.read_text()) == (path.name not in NOT_PLAIN)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_half_typed_lines_give_the_same_tree(path: Path) -> None:
    lines = path.read_text().split("\n")
    for index, line in enumerate(lines):
        colon = line.find(":")
        for end in {0, len(line) // 2, max(colon, 0), colon + 1, colon + 2, len(line) - 1}:
            before, after = [*lines[:index], line[:end]], lines[index + 1 :]
            agrees("\n".join(before))
            agrees("\n".join([*before, *after]))


@cache
def corpus() -> list[str]:
    """Return the examples, the YAML test suite, and every text in the tests: configs, parts of configs, anything."""
    texts = {path.read_text() for path in CONFIGS} | {case["text"] for case in cases()}
    for file in (ROOT / "tests").rglob("*.py"):
        nodes = ast.walk(ast.parse(file.read_text()))
        texts |= {each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return sorted(texts)


def test_the_whole_corpus_gives_the_same_trees() -> None:
    assert sum(agrees(text) for text in corpus()) > 300


PIECES = [
    "\n", " ", "  ", ": ", ":", "- ", "-", "#", " # c", "[", "]", "{", "}", ", ", "'", '"', "a", "b: 1", "key:\n",
    "    ", "\t", "|", ">", "&a ", "*a", "!x ", "---\n", "...\n", "? ", "0x1", "yes", "1e3", "~", "\r\n", "\n\n", "é",
    "\x85", " \n", "%", "@", "`", "\\", "<<: ", '"a": 1', "{a: 1}", "[1, 2]", "- x\n", ".5", "-1", "null", "1_000",
    "'q'", '{"a": [b, c]}', "'<<'",
]  # fmt: skip


def changed(draw: Random, lines: list[str]) -> str:
    """Return a part of a text with a few changes, as typing, copying and moving lines make them."""
    first = draw.randrange(len(lines))
    lines = lines[first : first + draw.randrange(1, 20)]
    for _ in range(draw.randrange(1, 4)):
        index, other = draw.randrange(len(lines)), draw.randrange(len(lines))
        line = lines[index]
        column = draw.randrange(len(line) + 1)
        if draw.random() < 0.5:
            lines[index] = line[:column] + draw.choice(PIECES) + line[column + draw.choice([0, 0, 1]) :]
        else:
            moved = [" " * draw.randrange(4) + line, line[draw.randrange(4) :], line[:column], lines[other]]
            lines[index] = draw.choice(moved)
            lines.insert(other, draw.choice([line, line.partition(":")[0] + ":" + lines[other].partition(":")[2]]))
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(4))
def test_changed_texts_give_the_same_trees(seed: int) -> None:
    draw = Random(seed)
    configs = [path.read_text().split("\n") for path in CONFIGS]
    others = [text.split("\n") for text in corpus() if ": " in text or "- " in text]
    read = sum(agrees(changed(draw, draw.choice(draw.choice([configs, others])))) for _ in range(2500))
    assert read > 100


HEADS = [
    "a: ",
    "b: ",
    "- a: ",
    "- ",
    "  a: ",
    "  b: ",
    "  - ",
    "  - a: ",
    "    x: ",
    "    - ",
    "   - c: ",
    "-   d: ",
    "'q': ",
]
VALUES = [
    "1", "x y", "yes", "[1, 2]", "{a: b}", "[]", "{ }", "'q'", '"q"', "a: b", "x #c", "x#c", "-", "- a", "|", "~",
    "{a: 1, a: 2}", "http://x:1", "[a, [b]]", "[{a: b}, c] # x", "  7  ", '"a" b', "[a] b", "[a]: b", "a:", "", "''",
    "[a, ]", "{a}", "[a: b]", "[a #b]", "{a: }", "x:", "-5", "-x", "+1", "./p", "a, b", "a]", "'it''s'", '"\\n"', "é",
    "[é]", "\xa0", "07", "1:30", "=", "[ 'a' , {b: c } ]", "{a: b} #c", "[a]#c", "'a'#c",
]  # fmt: skip
ALONE = ["a:", "b:", "- c:", "  d:", "  - e:", "    f:", "", " ", "# c", "  # d: e", "---", "x", "-", "  -", "\t"]
LINES = st.one_of(st.tuples(st.sampled_from(HEADS), st.sampled_from(VALUES)).map("".join), st.sampled_from(ALONE))
ENDS = st.sampled_from(["", "\n", "\n\n", " ", "\r\n"])


@settings(max_examples=400)
@given(st.lists(LINES, max_size=8), ENDS)
def test_lines_at_the_border_give_the_same_trees(lines: list[str], end: str) -> None:
    agrees("\n".join(lines) + end)


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb:\n  c: x y # why\n\n  d:\n  - 1\n  - e: 2\n    f: 'no'\ng: [0.7, {h: \"i\"}, []]\n",
        "- a\n- b: {}\n",
        "a:\n- b\nc:\n  - d:\n    - e\n    f: 1\ng: 2\n",
        "a:\n\n# the end\n",
        "# first\n  a: https://host:8080/path\n  b: C:\\data",
        "a: {name: y1, type: binary, loss: {weight: 2}} # out\r\nb: -1\r\n",
    ],
)
def test_plain_text_is_read_from_its_lines(text: str) -> None:
    assert agrees(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "# nothing\n", "a\n", "a: |\n  text\n", "a: b\n  c\n", "a: 'b\n  c'\n", "a: [b,\n  c]\n",
        "a: &b 1\nc: *b\n", "a: !!str 1\n", "---\na: 1\n", "a: 1\na: 2\n", "a: {b: 1, b: 2}\n", "a: yes\n", "a: 017\n",
        "<<: {a: 1}\n",
        "a: {'<<': {b: 1}}\n", "a:\t1\n", "a: 1\n b: 2\n", "- a\nb: 1\n", "a: b: c\n", "a: b #c: d\n  e: f\n", "? a\n",
        "{a: 1}\n", "a: 'it''s'\n", 'a: "\\t"\n', "a: [yes]\n", "a: " + "[" * 60 + "]" * 60 + "\n",
        "".join("  " * depth + "a:\n" for depth in range(60)), "a: [" + "b, " * 400 + "c]\n", "a" * 101 + ": 1\n",
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left_to_libyaml(text: str) -> None:
    assert not agrees(text)


def test_a_line_break_of_yaml_1_1_that_cannot_be_swapped_is_left_to_libyaml() -> None:
    text = "a: b # c\x85d: e\n"
    assert compose_lines(text, text.split("\n")) is None


def test_a_line_of_many_columns_keeps_its_places() -> None:
    text = f"a: {'x' * 70_000}\nb: 1\n"
    assert not agrees(text)
    root = parse(text).root
    assert isinstance(root, MappingNode)
    assert root.entries[0].value.end_column == 70_003


def test_a_plain_config_is_checked_without_loading_pyyaml() -> None:
    path = ROOT / "tests" / "conformance" / "ag_news.yaml"
    program = (
        "import sys; from pathlib import Path; from declml_schema.check import check;"
        f"check(Path({str(path)!r}).read_bytes()); print('yaml' in sys.modules);"
        "check('a: &b 1'); print('yaml' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False", "True"]
