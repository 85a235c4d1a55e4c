"""The document: any text becomes a tree with places, and what is wrong with it becomes problems."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declml_schema.document import AliasBudgetExceeded, Document, entries, parse, resolve, to_data
from declml_schema.placement import walk
from declml_schema.problems import Edit, Position, Severity, Span
from declml_schema.source_text import split_lines
from declml_schema.tree import Alias, MappingNode, Node, Scalar, SequenceNode

CONFIG = """\
# A config with a bit of everything.
model_type: ecd

input_features:
  - name: title
    type: text
    preprocessing: &words
      tokenizer: space
      lowercase: true
    encoder:
      type: lstm
      num_layers: 2
      dropout: 1e-1
  - name: description
    type: text
    preprocessing: *words
    encoder: {type: parallel_cnn, num_filters: 64}
  - name: 'price ($)'
    column: "unit: price"
    type: number

output_features:
- name: class
  type: category
  loss:
    type: softmax_cross_entropy
    class_weights: [0.5, 0.3,
      0.1, 0.1]
- name: stock
  type: binary

combiner:
  type: concat
  num_fc_layers: 1

defaults:
  text: &text
    encoder:
      type: rnn
  category:
    <<: *text
    decoder: null

preprocessing:
  split:
    type: random
    probabilities: [0.7, 0.1, 0.2]
  sample_ratio: 1.0

trainer:
  epochs: 3
  # a comment between
  learning_rate: 0.001
  optimizer:
    type: adam
    betas:
      - 0.9
      - 0.999
  note: |
    two lines
    # of text

  regularization_lambda: ~
"""


def paths_of(node: Node | None, prefix: str = "") -> Iterator[str]:
    """Yield the path of every key below ``node``."""
    target = None if node is None else resolve(node)
    if isinstance(target, MappingNode):
        for entry in entries(target):
            path = f"{prefix}.{entry.key.text}" if prefix else entry.key.text
            yield path
            yield from paths_of(entry.value, path)
    elif isinstance(target, SequenceNode):
        for index, item in enumerate(target.items):
            yield from paths_of(item, f"{prefix}[{index}]")


def apply(text: str, edits: tuple[Edit, ...]) -> str:
    lines = split_lines(text)
    for edit in sorted(edits, key=lambda each: each.span, reverse=True):
        start, end = edit.span.start, edit.span.end
        assert start.line == end.line
        lines[start.line] = lines[start.line][: start.column] + edit.text + lines[start.line][end.column :]
    return "\n".join(lines)


def check_spans(document: Document) -> None:
    """Every span is a range of the text."""
    lines = split_lines(document.text)

    def check(span: Span) -> None:
        assert span.start <= span.end
        for place in (span.start, span.end):
            assert 0 <= place.line < len(lines)
            assert 0 <= place.column <= len(lines[place.line])

    for node in walk(document.root):
        check(node.span)
    for problem in document.problems:
        check(problem.span)
        for related in problem.related:
            check(related.span)
        for edit in problem.fix.edits if problem.fix is not None else ():
            check(edit.span)


def check(text: str | bytes, data: object, *marked: str) -> Document:
    """``data`` is what the text means; ``marked`` are its problems as ``code@line:start-end`` (one-based line)."""
    document = parse(text)
    check_spans(document)
    assert to_data(document.root) == data
    found = [
        f"{each.code}@{each.span.start.line + 1}:{each.span.start.column}-{each.span.end.column}"
        for each in document.problems
    ]
    assert found == list(marked)
    return document


def slice_of(text: str, node: Node) -> str:
    lines = split_lines(text)
    start, end = node.span.start, node.span.end
    if start.line == end.line:
        return lines[start.line][start.column : end.column]
    inner = lines[start.line + 1 : end.line]
    return "\n".join([lines[start.line][start.column :], *inner, lines[end.line][: end.column]])


# Values and places


def test_a_full_config_parses_without_problems() -> None:
    document = parse(CONFIG)
    assert document.problems == []
    assert document.broken == frozenset()
    data = to_data(document.root)
    assert isinstance(data, dict)
    assert data["trainer"]["note"] == "two lines\n# of text\n"
    assert data["defaults"]["category"] == {"decoder": None, "encoder": {"type": "rnn"}}
    assert data["input_features"][1]["preprocessing"] == {"tokenizer": "space", "lowercase": True}
    assert data["input_features"][0]["encoder"]["dropout"] == 0.1
    check_spans(document)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\n", None),
        ("~", None),
        ("text", "text"),
        ("- 1\n- [2, {a: 3}]\n", [1, [2, {"a": 3}]]),
        ("a: 'x'\nb: \"y\\n\"\nc: >\n  z\n  z\n", {"a": "x", "b": "y\n", "c": "z z\n"}),
        ("a: 'no'\n", {"a": "no"}),
        ("1: a\ntrue: b\n", {"1": "a", "true": "b"}),
        ("? a\n: b\n", {"a": "b"}),
        ("a: !!str 1\nb: !!float 1\nc: !!int '7'\nd: ! 5\n", {"a": "1", "b": 1.0, "c": 7, "d": "5"}),
        ("a: !!map {b: 1}\nc: !!seq [1]\n", {"a": {"b": 1}, "c": [1]}),
        ("&k key: 1\nx: {*k : 2}\n", {"key": 1, "x": {"key": 2}}),
        ("a: 1\r\nb:\r\n  c: 2\r\n", {"a": 1, "b": {"c": 2}}),
        ("a: 1\rb: 2\r", {"a": 1, "b": 2}),
        ("a: x\u2028y\nb: 'z\x85'\n", {"a": "x\u2028y", "b": "z\x85"}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("a: \ue000\u2029\n", {"a": "\ue000\u2029"}),
        ("%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
    ],
)
def test_valid_text_has_its_value_and_no_problem(text: str, data: object) -> None:
    check(text, data)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (b"\xef\xbb\xbfa: \xc3\xa9\n", {"a": "é"}),
        ("a: é\n".encode("utf-16"), {"a": "é"}),
        (b"\xfe\xff" + "a: é\n".encode("utf-16-be"), {"a": "é"}),
        ("a: é\n".encode("utf-32"), {"a": "é"}),
    ],
)
def test_bytes_are_decoded_by_their_mark(text: bytes, data: object) -> None:
    check(text, data)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a:\n  b: 1\n\n# end\n\nc: 2\n", ["b: 1"]),
        ("a:\n  - 1\n  - x: 2  # why\n\nc: 2\n", ["- 1\n  - x: 2"]),
        ("a: |\n  one\n  two\n\n\nc: 2\n", ["|\n  one\n  two"]),
        ('a: &x !!str "q"\nc: 2\n', ['"q"']),
        ("a: &x\n  b: 1\nc: 2\n", ["b: 1"]),
        ("a: &x # why\n\n  b: 1\nc: 2\n", ["b: 1"]),
        ("a: {b: [1,\n  2] }\nc: 2\n", ["{b: [1,\n  2] }"]),
        ("a: one\n  two\nc: 2\n", ["one\n  two"]),
        ("a:\nc: 2\n", [""]),
        ("名: 'é' # x\nc: 2\n", ["'é'"]),
        ("a: x\u2028y  # z\nc: 2\n", ["x\u2028y"]),
    ],
)
def test_a_value_has_the_place_of_its_own_text(text: str, shown: list[str]) -> None:
    root = parse(text).root
    assert isinstance(root, MappingNode)
    assert [slice_of(text, root.entries[0].value), root.entries[1].value.span.start.line] == [
        *shown,
        text.count("\n") - 1,
    ]


@pytest.mark.parametrize("text", ["t:&t\n *x:", "g:&e\n ? ::", "? ", "a: &x\n  *y : 1\n", "a: &", "{a", "- &x"])
def test_places_stay_in_the_text_where_it_ends_early(text: str) -> None:
    check_spans(parse(text))


def test_an_anchored_mapping_at_the_end_of_a_text_starts_at_its_key() -> None:
    root = parse("a: &x\n  b: 1").root
    assert isinstance(root, MappingNode)
    assert root.entries[0].value.span == Span(Position(1, 2), Position(1, 6))


def test_an_alias_keeps_its_own_place_and_points_at_its_target() -> None:
    root = parse("a: &x {b: 1}\nc: *x\n").root
    assert isinstance(root, MappingNode)
    alias = root.entries[1].value
    assert isinstance(alias, Alias)
    assert alias.target is root.entries[0].value
    assert resolve(alias) is root.entries[0].value
    assert (alias.span.start.line, alias.span.start.column, alias.span.end.column) == (1, 3, 5)


# Problems


@pytest.mark.parametrize(
    ("text", "data", "marked"),
    [
        ("a: 1\nb: 2\na: 3\n", {"a": 3, "b": 2}, ["duplicate-key@3:0-1"]),
        ("{a: 1, 'a': 2, a: 3}", {"a": 3}, ["duplicate-key@1:7-10", "duplicate-key@1:15-16"]),
        ("a:\n\tb: 1\n\tc: 2\n", {"a": {"b": 1, "c": 2}}, ["tab-indentation@2:0-1"]),
        ("a:\n  b: 1\n\tc: 2\nd: 3\n", {"a": {"b": 1, "c": 2}, "d": 3}, ["tab-indentation@3:0-1"]),
        ("a: no\n", {"a": "no"}, ["ambiguous-scalar@1:3-5"]),
        ("a: &b no\n", {"a": "no"}, ["ambiguous-scalar@1:6-8"]),  # its fix must not take the anchor away
        ("- 017\n- 1_000\n", [17, "1_000"], ["ambiguous-scalar@1:2-5", "ambiguous-scalar@2:2-7"]),
        ("yes: 1\n", {"yes": 1}, []),
        ("a: *b\n", {"a": None}, ["unknown-alias@1:3-5"]),
        ("a: &b [*b]\n", {"a": [None]}, ["recursive-alias@1:7-9"]),
        ("a: &b\n  c:\n    d: *b\n", {"a": {"c": {"d": None}}}, ["recursive-alias@3:7-9"]),
        ("a: {<<: 3, b: 1}\n", {"a": {"b": 1}}, ["merge-key@1:8-9"]),
        ("x: &x [1]\na:\n  <<: *x\n  b: 1\n", {"x": [1], "a": {"b": 1}}, ["merge-key@1:7-8"]),
        ("a: 1\n---\nb: 2\n", {"a": 1}, ["multiple-documents@2:0-3"]),
        ("a: !!python/object:x.y {b: 1}\n", {"a": {"b": 1}}, ["unsupported-tag@1:3-23"]),
        ("a: !mine 5\n", {"a": 5}, ["unsupported-tag@1:3-9"]),
        ("a: !!int x\n", {"a": "x"}, ["tag-mismatch@1:9-10"]),
        ("a: !!str [1]\n", {"a": [1]}, ["tag-mismatch@1:3-9"]),
        ("? [a, b]\n: 1\nc: 2\n", {"c": 2}, ["complex-key@1:2-8"]),
        ("a: {{ x }}\nb: 1\n", {"a": {}, "b": 1}, ["complex-key@1:4-9"]),
        ("a: x\x00y\nb: 1\n", {"a": "x y", "b": 1}, ["not-text@1:4-5"]),
        ("a: x\ud800\n", {"a": "x"}, ["not-text@1:4-5"]),
    ],
)
def test_a_mistake_is_marked_where_it_stands(text: str, data: object, marked: list[str]) -> None:
    check(text, data, *marked)


@pytest.mark.parametrize(
    "text", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", b"\xff\xfe\x00", bytes(range(256)) * 3, "a: 1\n".encode("utf-16-le")]
)
def test_binary_data_is_one_problem(text: bytes) -> None:
    document = check(text, None, "not-text@1:0-0")
    assert document.text == ""


def test_a_wrong_byte_is_placed_and_the_rest_is_read() -> None:
    check(b"a: 1\nb: caf\xe9\nc: 2\n", {"a": 1, "b": "caf\ufffd", "c": 2}, "not-text@2:6-7")


def test_a_merge_conflict_is_one_problem_and_the_first_side_counts() -> None:
    text = "a: 1\n<<<<<<< HEAD\nb: 2\n||||||| base\nb: 0\n=======\nb: 3\n>>>>>>> main\nc: 4\n"
    document = check(text, {"a": 1, "b": 2, "c": 4}, "git-conflict@2:0-12")
    assert document.broken == {1, 3, 4, 5, 6, 7}


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("a: no\n", 'a: "no"\n'),
        ("a: 017\n", "a: 17\n"),
        ("a:\n\tb: 1\n\tc:\n\t\td: 2\n", "a:\n  b: 1\n  c:\n    d: 2\n"),
        ("a: &abc 1\nb: *abd\n", "a: &abc 1\nb: *abc\n"),
        ("a: !!set {b}\n", "a: {b}\n"),
        ("a: [1, 2  # why\nb: 1\n", "a: [1, 2]  # why\nb: 1\n"),
        ("a: [{x: 1\nb: 1\n", "a: [{x: 1}]\nb: 1\n"),
        ('a: "x\nb: 1\n', 'a: "x"\nb: 1\n'),
        ("a: 1\nb:2\n", "a: 1\nb: 2\n"),
        ("a: 1\nb\nc: 2\n", "a: 1\nb:\nc: 2\n"),
        ("a: x: y\n", "a: 'x: y'\n"),
        ("a: @x\n", "a: '@x'\n"),
        ("a: {x: 1 y: 2}\n", "a: {x: 1, y: 2}\n"),
        ("a: 1\n  b: 2\n", "a: 1\nb: 2\n"),
        ("a:\n  - b\n  c\n", "a:\n  - b\n  - c\n"),
        ('a: "C:\\data"\n', 'a: "C:\\\\data"\n'),
    ],
)
def test_a_fix_leaves_no_problem(text: str, fixed: str) -> None:
    problem = next((each for each in parse(text).problems if each.fix is not None), None)
    assert problem is not None
    assert problem.fix is not None
    assert apply(text, problem.fix.edits) == fixed
    assert parse(fixed).problems == []


def test_the_file_is_named_in_every_problem() -> None:
    problems = parse("a: no\na: 1\nb\n", file="config.yaml").problems
    assert {each.file for each in problems} == {"config.yaml"}
    assert [each.severity for each in problems if each.code == "ambiguous-scalar"] == [Severity.WARNING]


# Half-typed text: each case changes one line of CONFIG (found by its text) and nothing else may be lost.

HALF_TYPED = {
    "half-typed key": ("  num_fc_layers: 1", "  num_fc"),
    "key without a colon": ("  learning_rate: 0.001", "  learning_rate"),
    "missing space after the colon": ("  learning_rate: 0.001", "  learning_rate:0.001"),
    "unclosed double quote": ('    column: "unit: price"', '    column: "unit: pri'),
    "unclosed single quote": ("  - name: 'price ($)'", "  - name: 'price"),
    "lone quote": ("  num_fc_layers: 1", '  num_fc_layers: "'),
    "unclosed bracket": ("    probabilities: [0.7, 0.1, 0.2]", "    probabilities: [0.7, 0.1"),
    "lone bracket": ("    probabilities: [0.7, 0.1, 0.2]", "    probabilities: ["),
    "trailing comma": ("    probabilities: [0.7, 0.1, 0.2]", "    probabilities: [0.7, 0.1,"),
    "unclosed brace": (
        "    encoder: {type: parallel_cnn, num_filters: 64}",
        "    encoder: {type: parallel_cnn, num_fil",
    ),
    "lone brace": ("    encoder: {type: parallel_cnn, num_filters: 64}", "    encoder: {"),
    "wrong closing bracket": ("    probabilities: [0.7, 0.1, 0.2]", "    probabilities: [0.7, 0.1}"),
    "stray closing bracket": ("  num_fc_layers: 1", "  num_fc_layers: ]"),
    "indented too far": ("  num_fc_layers: 1", "     num_fc_layers: 1"),
    "indented too little": ("  sample_ratio: 1.0", " sample_ratio: 1.0"),
    "a tab for indentation": ("  num_fc_layers: 1", "\tnum_fc_layers: 1"),
    "lone dash among keys": ("  num_fc_layers: 1", "  -"),
    "lone dash in a list": ("  - name: 'price ($)'", "  - "),
    "half-typed key of a list item": ("  - name: description", "  - nam"),
    "word in a list of mappings": ("    type: number", "  numb"),
    "lone star": ("    preprocessing: *words", "    preprocessing: *"),
    "lone ampersand": ("  num_fc_layers: 1", "  num_fc_layers: &"),
    "at sign": ("  num_fc_layers: 1", "  num_fc_layers: @here"),
    "percent": ("  num_fc_layers: 1", "  num_fc_layers: %"),
    "backtick": ("  num_fc_layers: 1", "  num_fc_layers: `x`"),
    "colon in a value": ("  num_fc_layers: 1", "  num_fc_layers: a: b"),
    "text after a quoted value": ("  num_fc_layers: 1", "  num_fc_layers: 'a' b"),
    "bad escape": ('    column: "unit: price"', '    column: "C:\\price"'),
    "half-typed block mark": ("  num_fc_layers: 1", "  num_fc_layers: |a"),
    "half-typed section": ("combiner:", "combi"),
    "question mark": ("  num_fc_layers: 1", "  ? "),
    "half-typed tag": ("  num_fc_layers: 1", "  num_fc_layers: !<"),
    "a key only": ("  num_fc_layers: 1", "  num_fc_layers:"),
    "half-typed directive": ("# A config with a bit of everything.", "%YA"),
}


@pytest.mark.parametrize("case", HALF_TYPED)
def test_half_typed_text_keeps_every_key_outside_of_the_line(case: str) -> None:
    line, typed = HALF_TYPED[case]
    assert CONFIG.count(line + "\n") == 1
    document = parse(CONFIG.replace(line + "\n", typed + "\n"))
    check_spans(document)
    at = CONFIG[: CONFIG.index(line + "\n")].count("\n")
    lost = keys_of(parse(CONFIG).root) - keys_of(document.root)
    assert {key for key in lost if key[1] != at} == set()
    errors = [each for each in document.problems if each.severity is Severity.ERROR]
    assert len(errors) <= 1
    assert all(each.span.start.line == at for each in errors)


def keys_of(root: Node | None) -> set[tuple[str, int, int]]:
    """Return every key with its place, wherever it hangs."""
    found: set[tuple[str, int, int]] = set()
    for node in walk(root):
        if isinstance(node, MappingNode):
            found.update((each.key.text, each.key.start_line, each.key.start_column) for each in node.entries)
    return found


@pytest.mark.parametrize(
    ("case", "kept"),
    [
        ("half-typed key of a list item", "input_features[1].encoder.num_filters"),
        ("lone dash in a list", "input_features[2].column"),
        ("unclosed single quote", "input_features[2].name"),
        ("unclosed brace", "input_features[1].encoder.type"),
        ("unclosed bracket", "preprocessing.split.probabilities"),
        ("missing space after the colon", "trainer.learning_rate"),
        ("a tab for indentation", "combiner.num_fc_layers"),
        ("at sign", "combiner.num_fc_layers"),
        ("text after a quoted value", "combiner.num_fc_layers"),
    ],
)
def test_half_typed_text_keeps_paths_as_well(case: str, kept: str) -> None:
    line, typed = HALF_TYPED[case]
    assert kept in set(paths_of(parse(CONFIG.replace(line, typed)).root))


def test_an_unclosed_list_over_lines_ends_before_the_next_section() -> None:
    text = "split:\n  probabilities: [\n    0.7,\n    0.1,\n\ntrainer:\n  epochs: 3\n"
    check(text, {"split": {"probabilities": [0.7, 0.1]}, "trainer": {"epochs": 3}}, "yaml-syntax@2:17-18")


def test_mistakes_in_different_sections_are_all_told() -> None:
    text = "a:\n  x: 1\n  y\nb:\n  x: [1\nc:\n  z: 'q\n"
    marked = ["yaml-syntax@3:2-3", "yaml-syntax@5:5-6", "yaml-syntax@7:5-7"]
    check(text, {"a": {"x": 1}, "b": {"x": [1]}, "c": {"z": "q"}}, *marked)


def test_hopeless_text_keeps_its_longest_readable_start() -> None:
    text = "a: 1\nb:\n  c: 2\n" + "".join(f"  x{i}\n y{i}: ]\n   - }}\n" for i in range(40))
    document = parse(text)
    assert isinstance(document.root, MappingNode)
    assert {"a", "b", "b.c"} <= set(paths_of(document.root))
    assert document.problems[0].code == "yaml-syntax"
    check_spans(document)


def test_every_beginning_of_a_config_parses() -> None:
    for end in range(len(CONFIG)):
        document = parse(CONFIG[:end])
        check_spans(document)
        complete = CONFIG[:end].rpartition("\n")[0].count("\n") + 1 if "\n" in CONFIG[:end] else 0
        expected = {key for key in ALL_KEYS if key[1] < complete}
        assert expected <= keys_of(document.root), CONFIG[:end]


def test_every_deletion_of_one_line_parses() -> None:
    lines = CONFIG.splitlines(keepends=True)
    for index in range(len(lines)):
        check_spans(parse("".join(lines[:index] + lines[index + 1 :])))


ALL_KEYS = keys_of(parse(CONFIG).root)


# Aliases, merges, depth


def test_own_keys_win_over_merged_ones_and_earlier_merges_over_later() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\nd: {<<: {q: 1}}\n"
    root = parse(text).root
    assert isinstance(root, MappingNode)
    merged = root.entries[2].value
    assert isinstance(merged, MappingNode)
    assert [(each.key.text, each.merged) for each in entries(merged)] == [("x", False), ("y", True), ("z", True)]
    assert to_data(merged) == {"x": 3, "y": 1, "z": 2}
    assert to_data(root.entries[3].value) == {"q": 1}
    own = root.entries[0].value
    assert isinstance(own, MappingNode)
    assert entries(own) is own.entries


def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    check("a: {'<<': 1}\n", {"a": {"<<": 1}})


def test_a_merge_of_merges_stays_linear() -> None:
    lines = ["a0: &a0 {k0: 0}"]
    lines += [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], k{i}: {i}}}" for i in range(1, 60)]
    root = parse("\n".join(lines)).root
    assert isinstance(root, MappingNode)
    last = root.entries[-1].value
    assert isinstance(last, MappingNode)
    assert len(entries(last)) == 60


def test_billion_laughs_parse_at_once_and_are_never_expanded() -> None:
    lines = ["a0: &a0 [lol, lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    document = parse("\n".join(lines))
    assert document.problems == []
    with pytest.raises(AliasBudgetExceeded):
        to_data(document.root)
    root = document.root
    assert isinstance(root, MappingNode)
    assert to_data(root.entries[1].value, budget=100) == [["lol", "lol"]] * 10


def test_a_chain_of_aliases_does_not_exhaust_the_stack() -> None:
    deep = "x0: &x0 [1]\n" + "\n".join(f"x{i}: &x{i} {'[' * 90}*x{i - 1}{']' * 90}" for i in range(1, 20))
    with pytest.raises(AliasBudgetExceeded):
        to_data(parse(deep).root)


@pytest.mark.parametrize("depth", [101, 900])
def test_deep_nesting_is_one_problem_and_the_rest_is_read(depth: int) -> None:
    document = parse(f"a: {'[' * depth}{']' * depth}\nb: 1\n")
    assert [each.code for each in document.problems] == ["nesting-too-deep"]
    assert {"a", "b"} <= set(paths_of(document.root))


def test_very_deep_nesting_is_given_up_quickly() -> None:
    document = parse(f"a: 1\nb: {'[' * 200_000}\n")
    assert [each.code for each in document.problems] == ["nesting-too-deep"]
    assert "a" in set(paths_of(document.root))


def test_a_hundred_levels_are_allowed() -> None:
    assert parse("[" * 100 + "]" * 100).problems == []


# Anything at all

YAML_WORDS = st.sampled_from(
    ["a", "b:", "c: ", "- ", "\n", "\n  ", "\n    ", "\t", "[", "]", "{", "}", ",", "'", '"', "&x ", "*x", "!!str ",
     "!t ", "<<: ", "|", ">", "#", " # c", "---\n", "...", "%", "@", "`", "? ", ": ", "\\", "\r\n", "\r", "\x85",
     "\u2028", "\ufeff", "é", "no", "017", "<<<<<<< x\n", "=======\n", ">>>>>>> y\n", "\x00", "\x1b"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(YAML_WORDS, max_size=40).map("".join))
def test_text_made_of_yaml_parts_never_raises(text: str) -> None:
    document = parse(text)
    check_spans(document)
    assert len(set(paths_of(document.root))) == len(list(paths_of(document.root)))
    to_data(document.root)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_never_raises(text: str) -> None:
    check_spans(parse(text))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_never_raise(text: bytes) -> None:
    check_spans(parse(text))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(CONFIG)), st.integers(0, len(CONFIG)), st.lists(YAML_WORDS, max_size=4).map("".join))
def test_any_change_of_a_config_never_raises(start: int, end: int, inserted: str) -> None:
    check_spans(parse(CONFIG[:start] + inserted + CONFIG[min(max(start, end), start + 30) :]))


def test_scalars_of_the_tree_know_their_style() -> None:
    root = parse("a: x\nb: 'y'\nc: |\n  z\n").root
    assert isinstance(root, MappingNode)
    values = [each.value for each in root.entries]
    assert [each.style for each in values if isinstance(each, Scalar)] == [None, "'", "|"]


@pytest.mark.parametrize("text", ['"\n|\\', 'a: "\\', "a: '", '"a\n  b\\'])
def test_problems_at_the_very_end_stay_within_the_text(text: str) -> None:
    check_spans(parse(text))
