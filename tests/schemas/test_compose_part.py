"""Mending the broken part alone gives what mending the whole text does: same tree, same problems, same places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declml_schema.compose_lines import read_lines
from declml_schema.compose_part import compose_part
from declml_schema.document import compose_whole
from declml_schema.problems import ProblemList
from declml_schema.source_text import clean
from declml_schema.tree import Alias, MappingNode, Node, SequenceNode

ROOT = Path(__file__).parents[2]
CONFIGS = sorted([*(ROOT / "tests" / "conformance").glob("*.yaml"), *(ROOT / "runtime").rglob("*.declml.yaml")])
TYPED = (
    "'", '"', "[", "{", "]", "}", ":", ": ", "- ", "x", " ", "  ", "#", ",", "y", "*a", "&a ", "|", ">", "!", "%", "@",
    "\n", "\n  ", "\nx", "\n- ", "\n  - ", "\n  - name: x\n    ", "\n...\n", "\n---\n", "\t", "\\",
)  # fmt: skip
SMALL = """\
input_features:
  - name: size
    type: number

  # a comment
  - {name: words, type: text}
  - name: body
    type: text
    encoder:
      type: lstm
output_features:
- name: kind
  type: category
- name: age
  type: number
trainer:
  epochs: 3
combiner: {type: concat}
"""


def shape(node: Node | None) -> Any:
    """Return all that a node knows."""
    if node is None:
        return None
    place = (node.start_line, node.start_column, node.end_line, node.end_column)
    if isinstance(node, Alias):
        return (place, node.name)
    if isinstance(node, SequenceNode):
        return (place, node.flow, node.anchor, node.tag, [shape(each) for each in node.items])
    if isinstance(node, MappingNode):
        entries = [(shape(each.key), shape(each.value)) for each in node.entries]
        return (place, node.flow, node.anchor, node.tag, node.simple, entries)
    return (place, node.text, repr(node.value), node.style, node.anchor, node.tag)


def agrees(text: str) -> bool:
    """Return whether a part of ``text`` was told from the rest; the outcome must be that of the whole text then."""
    source = clean(text, ProblemList())
    root, stopped = read_lines(source.text, source.lines)
    if root is not None or stopped < 0:
        return False
    told, expected = ProblemList(), ProblemList()
    found = compose_part(source, stopped, told)
    if found is None:
        assert told.problems == [], "who gives up says nothing"
        return False
    whole = compose_whole(clean(text, ProblemList()), expected)
    assert told.sorted() == expected.sorted()
    assert shape(found[0]) == shape(whole[0])
    assert found[1] == whole[1]
    return True


def edited(text: str, random: Random, count: int) -> Iterator[str]:
    """Yield texts as they are while somebody types in them: with something typed or with something cut."""
    for _ in range(count):
        start = random.randrange(len(text) + 1)
        stop = min(len(text), start + random.choice((0, 0, 0, 1, 2, 5, 30)))
        yield text[:start] + random.choice(("", *TYPED)) + text[stop:]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_prefix_and_many_edits_of_the_examples_agree(path: Path) -> None:
    text = path.read_text()
    prefixes = [text[:end] for end in range(0, len(text), 1 + len(text) // 300)]
    for each in [*prefixes, *edited(text, Random(path.name), 300)]:
        agrees(each)


@given(st.integers(0, 2**32))
@settings(max_examples=300)
def test_texts_that_are_being_typed_agree(seed: int) -> None:
    random = Random(seed)
    for each in edited(SMALL, random, 2):
        agrees(each)
        for twice in edited(each, random, 2):
            agrees(twice)


@pytest.mark.thorough
@given(st.integers(0, 2**32))
@settings(max_examples=20_000)
def test_many_more_texts_that_are_being_typed_agree(seed: int) -> None:
    random = Random(seed)
    for each in edited(SMALL, random, 2):
        agrees(each)
        for twice in edited(each, random, 3):
            agrees(twice)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("type: number\n", "type: 'number\n"),
        ("type: number\n", "type: ]number\n"),
        ("type: number\n", "typ\n"),
        ("{name: words, type: text}", "{name: words, type: text"),
        ("{name: words, type: text}", "{name: words, type text}"),
        ("name: body", "name: [body"),
        ("    encoder:\n", "   encoder:\n"),
        ("      type: lstm\n", '      type: "lstm\n'),
        ("- name: age\n", "- name: y\n"),
        ("- name: kind\n", "- name: 'kind\n"),
        ("  epochs: 3\n", "  epochs 3\n"),
        ("trainer:\n", "trainer\n"),
        ("trainer:\n", "trainer:|\n"),
        ("combiner: {type: concat}\n", "combiner: {type: concat"),
        ("  - name: size\n    type: number\n", "  - name: size\n    type: number\n    x: [1,\n      2]\n"),
    ],
)
def test_one_broken_line_is_told_from_the_rest(before: str, after: str) -> None:
    assert before in SMALL
    assert agrees(SMALL.replace(before, after, 1))


def test_what_reaches_past_its_part_is_left_to_the_whole() -> None:
    swallowed = SMALL.replace("name: size", "name: 'size").replace("name: body", "name: body'")
    source = clean(swallowed, ProblemList())
    told = ProblemList()
    assert compose_part(source, read_lines(source.text, source.lines)[1], told) is None
    assert told.problems == []
