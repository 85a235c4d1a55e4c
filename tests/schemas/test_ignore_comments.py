"""``# declml: ignore[CODE]`` hides warnings on its line, never errors, and is told where it does nothing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from declml_schema.check import check
from declml_schema.ignore_comments import heed_ignores
from declml_schema.problem_codes import CHECK_CODES, DATA_CODES
from declml_schema.problems import Edit, Position, Problem, Severity, Span

ROOT = Path(__file__).parents[2]
HEAD = """\
input_features:
  - {name: age, type: number}
output_features:
  - {name: income, type: category}
"""


def told(text: str) -> list[tuple[int, str]]:
    """Return line (from 1) and code of each problem of the head with ``text`` behind it; the head has 4 lines."""
    return [(each.span.start.line + 1, each.code) for each in check(HEAD + text).problems]


def fixed(text: str, code: str) -> str:
    """Return the text after the fix of its only problem with that code."""
    (problem,) = [each for each in check(HEAD + text).problems if each.code == code]
    assert problem.fix is not None
    return apply(HEAD + text, problem.fix.edits)[len(HEAD) :]


def apply(text: str, edits: tuple[Edit, ...]) -> str:
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines) + 1)]
    for edit in sorted(edits, key=lambda each: each.span, reverse=True):
        begin = starts[edit.span.start.line] + edit.span.start.column
        end = starts[edit.span.end.line] + edit.span.end.column
        text = text[:begin] + edit.text + text[end:]
    return text


@pytest.mark.parametrize(
    "text",
    [
        "training: {epochs: 3}  # declml: ignore[legacy-spelling]\n",
        "training: {epochs: 3}  #declml:ignore[legacy-spelling] as the older tool reads it\n",
        "training: {epochs: 3}  # see the note # declml: ignore[legacy-spelling]\n",
        "# declml: ignore[legacy-spelling]\ntraining: {epochs: 3}\n",
        "# declml: ignore[legacy-spelling]\n\n# read by the older tool too\ntraining:\n  epochs: 3\n",
        "training:  # declml: ignore[legacy-spelling]\r\n  epochs: 3\r\n",
    ],
)
def test_a_comment_hides_a_warning_of_its_line_or_of_the_next(text: str) -> None:
    assert told(text.partition("#")[0] + "\n" if not text.startswith("#") else "training: {epochs: 3}\n") == [
        (5, "legacy-spelling")
    ]
    assert told(text) == []
    assert check(HEAD + text).plan is not None


def test_several_codes_stand_between_commas() -> None:
    text = "training: {seed: 017}  # declml: ignore[legacy-spelling, ambiguous-scalar]\n"
    assert told(text) == []
    assert told(text.replace(", ambiguous-scalar", "")) == [(5, "ambiguous-scalar")]


def test_an_error_stays_and_the_comment_is_told() -> None:
    text = "trainr: {epochs: 3}  # declml: ignore[unknown-key]\n"
    assert told(text) == [(5, "unknown-key"), (5, "ignore-error")]
    assert check(HEAD + text).plan is None
    assert fixed(text, "ignore-error") == "trainr: {epochs: 3}\n"


def test_an_unknown_code_gets_the_nearest_one() -> None:
    text = "training: {epochs: 3}  # declml: ignore[legacy-speling]\n"
    assert told(text) == [(5, "legacy-spelling"), (5, "unknown-code")]
    assert fixed(text, "unknown-code") == "training: {epochs: 3}  # declml: ignore[legacy-spelling]\n"
    assert told("trainer: {epochs: 3}  # declml: ignore[zzz]\n") == [(5, "unknown-code")]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("trainer: {epochs: 3}  # declml: ignore[legacy-spelling]\n", "trainer: {epochs: 3}\n"),
        ("trainer: {epochs: 3}  # declml: ignore[legacy-spelling] for the old tool\n", "trainer: {epochs: 3}\n"),
        ("# declml: ignore[legacy-spelling]\ntrainer: {epochs: 3}\n", "trainer: {epochs: 3}\n"),
        ("trainer: {epochs: 3}\n  # declml: ignore[legacy-spelling]", "trainer: {epochs: 3}\n"),
        (
            "training: {epochs: 3}  # declml: ignore[ambiguous-scalar, legacy-spelling]\n",
            "training: {epochs: 3}  # declml: ignore[legacy-spelling]\n",
        ),
        (
            "training: {epochs: 3}  # declml: ignore[legacy-spelling, ambiguous-scalar]\n",
            "training: {epochs: 3}  # declml: ignore[legacy-spelling]\n",
        ),
        (
            "training: {epochs: 3} # declml: ignore[tied-circle] # declml: ignore[legacy-spelling]\n",
            "training: {epochs: 3} # declml: ignore[legacy-spelling]\n",
        ),
    ],
)
def test_a_comment_that_hides_nothing_is_told_and_taken_away(text: str, left: str) -> None:
    (problem,) = check(HEAD + text).problems
    assert (problem.code, problem.severity, problem.tags) == ("unused-ignore", Severity.INFORMATION, ("unnecessary",))
    assert fixed(text, "unused-ignore") == left
    assert told(left) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("training: {epochs: 3}  # declml: ignore\n", "ignore-form"),
        ("training: {epochs: 3}  # declml: ignore[]\n", "ignore-form"),
        ("training: {epochs: 3}  # declml: ignore[legacy-spelling\n", "ignore-form"),
        ("training: {epochs: 3}  # declml: ingore[legacy-spelling]\n", "ignore-form"),
        ("training: {epochs: 3}  # declml: ignore[unused-ignore]\n", "unknown-code"),
    ],
)
def test_a_comment_of_the_wrong_form_hides_nothing_and_is_told(text: str, code: str) -> None:
    assert told(text) == [(5, "legacy-spelling"), (5, code)]


@pytest.mark.parametrize(
    "text",
    [
        "trainer: {epochs: 3}  # declml: the next line is read by declml\n",
        "# declml: off\n",
        "# declml\n",
        "trainer: {epochs: 3}  # to hide it, write declml: ignore[CODE]\n",
    ],
)
def test_a_remark_is_left_alone(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "value",
    [
        '"a # declml: ignore[zzz]"',
        "'a # declml: ignore[zzz]'",
        "|\n    a\n    # declml: ignore[zzz]\n    b\n",
        '"a\n\n     # declml: ignore[zzz]"',
    ],
)
def test_what_is_inside_a_value_is_no_comment(value: str) -> None:
    text = f"data:\n  where: {value}\n"
    assert told(text) == []


def test_a_half_typed_text_calls_no_comment_useless() -> None:
    codes = {
        code for _, code in told("trainer: {epochs: 3}  # declml: ignore[legacy-spelling]\ncombiner: {type: con\n")
    }
    assert "unused-ignore" not in codes
    assert codes


def test_a_value_from_the_command_line_is_not_hidden_by_the_first_line() -> None:
    text = "# declml: ignore[ambiguous-scalar]\n" + HEAD
    problems = check(text, overrides=[("trainr.epochs", 3)]).problems
    assert "unknown-key" in {each.code for each in problems}


def test_a_code_of_the_data_is_left_to_who_reads_the_data() -> None:
    text = HEAD.replace("number}", "number}  # declml: ignore[constant-column]")
    result = check(text)
    assert result.problems == []
    warning = Problem("constant-column", "...", Span(Position(1, 5), Position(1, 9)), Severity.WARNING)
    assert heed_ignores(result.document, [warning], codes=DATA_CODES) == []
    (unused,) = heed_ignores(result.document, [], codes=DATA_CODES)
    assert unused.code == "unused-ignore"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("trainer: &a {epochs: 3}\n", "trainer: {epochs: 3}\n"),
        ("trainer: &a\n  epochs: 3\n", "trainer:\n  epochs: 3\n"),
        ("trainer:\n  epochs: &a 3\n", "trainer:\n  epochs: 3\n"),
    ],
)
def test_an_anchor_that_nothing_uses_is_told(text: str, left: str) -> None:
    assert told(text) == [(text[: text.index("&")].count("\n") + 5, "unused-anchor")]
    assert fixed(text, "unused-anchor") == left


def test_a_used_anchor_and_an_ampersand_in_a_text_are_left_alone() -> None:
    assert (
        told("trainer: {epochs: &a 3, steps_per_checkpoint: *a}\ndata: {source: 'a & b.csv', where: \"&x > 3\"}\n")
        == []
    )


def test_the_table_of_codes_holds_what_the_checker_says() -> None:
    """Every code that a module of the checker writes down is in the table, and nothing else is."""
    written: set[str] = set()
    for file in (ROOT / "schemas" / "declml_schema").glob("*.py"):
        if file.stem in {"problem_codes", "column_findings", "config_schema", "declare", "sections", "generate"}:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                written.update(re.findall(r"^[a-z]+(?:-[a-z]+)+$", node.value))
    not_codes = {"ignored-unless", "x-choice", "x-feature", "x-planned", "x-reference", "x-refused", "euc-kr"}
    one_word = {"exclusive", "requires", "divisible"}
    assert written - not_codes - CHECK_CODES == set()
    assert CHECK_CODES - written - one_word == set()


def test_the_table_of_codes_holds_what_the_data_say() -> None:
    written: set[str] = set()
    files = [*(ROOT / "runtime" / "declml").rglob("*.py"), ROOT / "schemas" / "declml_schema" / "column_findings.py"]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Finding", "Found"}:
                written.update(
                    each.value
                    for each in ast.walk(node.args[0] if node.args else ast.Constant(None))
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                )
    assert {"constant-column", "no-header"} <= written
    assert written - DATA_CODES == set()
