"""The four formats of a report: for people, for programs, for code scanning, for a pull request."""

from __future__ import annotations

import json

import pytest

from declml_schema.document import parse
from declml_schema.inspection import OVERRIDES
from declml_schema.problems import Edit, Fix, Position, Problem, Related, Severity, Span
from declml_schema.report import render

FILE = "config.yaml"


def span(line: int, start: int, end: int) -> Span:
    return Span(Position(line, start), Position(line, end))


def text_of(source: str, *problems: Problem, color: bool = False) -> str:
    return render([each.in_file(FILE) for each in problems], format="text", sources={FILE: source}, color=color)


def test_text_shows_the_place_the_line_a_marker_the_help_and_a_summary() -> None:
    source = "trainer:\n  epochs: 3\n  epochs: no\n"
    problems = parse(source, file=FILE).problems
    assert render(problems, format="text", sources={FILE: source}).splitlines() == [
        "config.yaml:3:3: error[duplicate-key] A key must stand once in a mapping; 'epochs' is already in line 2.",
        "3 |   epochs: no",
        "  |   ^^^^^^",
        "2 |   epochs: 3",
        "  |   ^^^^^^ 'epochs' stands here first.",
        "config.yaml:3:11: warning[ambiguous-scalar] 'no' must be in quotes to mean the same everywhere; "
        "it is text here, false for YAML 1.1 tools.",
        "3 |   epochs: no",
        "  |           ^^",
        "  = help: Quote 'no'",
        "1 error, 1 warning in config.yaml",
    ]


def test_text_says_when_a_file_has_no_problems() -> None:
    assert render([], format="text", sources={FILE: "a: 1\n"}) == "config.yaml: no problems"
    assert render([], format="text") == "no problems"


def test_text_counts_over_several_files() -> None:
    problems = [Problem("a", "One.", file="x.yaml"), Problem("b", "Two.", file="y.yaml")]
    lines = render(problems, format="text", sources={"x.yaml": "", "y.yaml": "", "z.yaml": ""}).splitlines()
    assert lines[-2:] == ["z.yaml: no problems", "2 errors in 2 files"]


def test_text_without_the_source_still_names_the_related_line() -> None:
    problem = Problem("a", "One.", span(4, 0, 1), related=(Related(span(1, 0, 1), "First here."),))
    assert render([problem], format="text").splitlines() == ["5:1: error[a] One.", "  = line 2: First here.", "1 error"]


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "marker"),
    [
        ("名前: x", 4, 5, "名前: x", "      ^"),
        ("\tk: v", 4, 5, "    k: v", "       ^"),
        ("e\u0301: v", 4, 5, "e\u0301: v", "   ^"),
        ("a\x1b[31m: v", 0, 1, "a\ufffd[31m: v", "^"),
        ("a: ", 3, 3, "a: ", "   ^"),
    ],
)
def test_the_marker_stands_under_the_value(line: str, start: int, end: int, shown: str, marker: str) -> None:
    lines = text_of(line, Problem("a", "One.", span(0, start, end))).splitlines()
    assert lines[1:3] == [f"1 | {shown}", f"  | {marker}"]


def test_a_very_long_line_is_cut_around_the_marker() -> None:
    source = "k: [" + "1, " * 30_000 + "BAD, " + "2, " * 30_000 + "]"
    start = source.index("BAD")
    lines = text_of(source, Problem("a", "One.", span(0, start, start + 3))).splitlines()
    assert len(lines[1]) < 120
    at = lines[2].index("^")
    assert lines[1][at : at + 3] == "BAD"
    assert lines[2].strip(" |") == "^^^"


def test_a_span_over_lines_is_marked_to_the_end_of_the_first() -> None:
    problem = Problem("a", "One.", Span(Position(0, 3), Position(2, 1)))
    assert text_of("a: [1,\n  2\n]", problem).splitlines()[1:3] == ["1 | a: [1,", "  |    ^^^"]


def test_a_place_beyond_the_text_does_not_fail() -> None:
    assert text_of("a: 1", Problem("a", "One.", span(9, 9, 12))).splitlines()[0] == "config.yaml:10:10: error[a] One."


def test_color_only_adds_escape_codes() -> None:
    problem = Problem("a", "One.", span(0, 0, 1), hint="Do it.", severity=Severity.WARNING)
    colored = text_of("a: 1", problem, color=True)
    plain = text_of("a: 1", problem)
    assert "\x1b[" in colored
    for code in ("\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        colored = colored.replace(code, "")
    assert colored == plain


def test_json_has_every_problem_and_the_counts() -> None:
    problems = parse("a: 1\na: no\n", file=FILE).problems
    data = json.loads(render(problems, format="json"))
    assert data["problems"] == [problem.as_json() for problem in problems]
    assert data["summary"] == {"errors": 1, "warnings": 1, "information": 0, "files": 1}


def test_sarif_places_rules_and_fixes_agree() -> None:
    source = "é: @x\nb: no\nb: no\n"
    problems = parse(source, file="my configs/c%.yaml").problems
    data = json.loads(render(problems, format="sarif"))
    run = data["runs"][0]
    assert data["version"] == "2.1.0"
    assert run["columnKind"] == "unicodeCodePoints"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules)) == 3
    assert len(run["results"]) == len(problems) == 4
    for problem, result in zip(problems, run["results"], strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == problem.code
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "my%20configs/c%25.yaml"
        assert place["region"] == {
            "startLine": problem.span.start.line + 1,
            "startColumn": problem.span.start.column + 1,
            "endLine": problem.span.end.line + 1,
            "endColumn": problem.span.end.column + 1,
        }
    replacement = run["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["insertedContent"] == {"text": "'@x'"}
    assert run["results"][1]["level"] == "warning"
    assert next(each for each in run["results"] if "relatedLocations" in each)["ruleId"] == "duplicate-key"


def test_sarif_names_the_config_path_and_an_absolute_file() -> None:
    problem = Problem("a", "One.", path="trainer.epochs", file="/data/c.yaml")
    location = json.loads(render([problem], format="sarif"))["runs"][0]["results"][0]["locations"][0]
    assert location["logicalLocations"] == [{"fullyQualifiedName": "trainer.epochs"}]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "file:///data/c.yaml"


def test_github_annotations_are_escaped() -> None:
    problem = Problem("a-code", "100% wrong:\nreally, yes.", span(2, 4, 6), Severity.WARNING, file="a,b:c.yaml")
    assert render([problem], format="github") == (
        "::warning file=a%2Cb%3Ac.yaml,line=3,endLine=3,col=5,endColumn=7,title=a-code::100%25 wrong:%0Areally, yes."
    )


def test_github_leaves_the_end_column_out_across_lines() -> None:
    problem = Problem("a", "One.", Span(Position(0, 3), Position(2, 1)), Severity.INFORMATION, hint="Do it.", file=FILE)
    assert render([problem], format="github") == "::notice file=config.yaml,line=1,endLine=3,col=4,title=a::One. Do it."


def test_a_fix_without_a_hint_is_the_help() -> None:
    fix = Fix("Write 17", (Edit(span(0, 0, 1), "17"),))
    assert text_of("017", Problem("a", "One.", span(0, 0, 3), fix=fix)).splitlines()[3] == "  = help: Write 17"


def test_a_value_from_the_command_line_has_no_line_and_no_config_is_praised_beside_it() -> None:
    problem = Problem("out-of-range", "epochs must be >= 1; got -3.", file=OVERRIDES)
    lines = render([problem], format="text", sources={FILE: "a: 1\n"}).splitlines()
    assert lines == ["--set: error[out-of-range] epochs must be >= 1; got -3.", "1 error in --set"]


def test_an_empty_text_has_no_line_to_show() -> None:
    assert text_of("", Problem("empty-config", "A config must not be empty.")).splitlines() == [
        "config.yaml:1:1: error[empty-config] A config must not be empty.",
        "1 error in config.yaml",
    ]
