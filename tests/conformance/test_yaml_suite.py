"""The YAML 1.2 test suite: each case has a published verdict, and every text that is not read gets a clear problem."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import yaml

from conformance.yaml_suite.judge import NOT_IN_A_CONFIG, VERDICTS_FILE, cases, is_same, verdict
from declml_schema.check import check
from declml_schema.document import parse
from declml_schema.problems import Severity
from declml_schema.source_text import split_lines

CASES = cases()
PUBLISHED: dict[str, str] = json.loads(VERDICTS_FILE.read_text())
RANKS = ("accepted", "other-data", "refused", "not-in-a-config", "agrees")
TOTALS = {"agrees": 293, "not-in-a-config": 41, "refused": 51, "accepted": 12, "other-data": 5}
"""How many cases have which verdict: the first number may only grow, the last two only fall."""

each_case = pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])


def test_the_suite_is_whole_and_the_pass_list_names_each_case() -> None:
    assert len(CASES) == 402
    assert sum("must_fail" in case for case in CASES) == 94
    assert list(PUBLISHED) == [case["id"] for case in CASES]
    assert Counter(PUBLISHED.values()) == TOTALS


@each_case
def test_the_verdict_is_the_published_one(case: dict[str, Any]) -> None:
    ours, published = verdict(case, parse(case["text"])), PUBLISHED[case["id"]]
    assert RANKS.index(ours) >= RANKS.index(published), "a case got worse"
    assert ours == published, "a case got better: run judge.py and raise the totals here"


@each_case
def test_what_is_refused_is_told_with_a_place(case: dict[str, Any]) -> None:
    problems = [each for each in parse(case["text"]).problems if each.severity is Severity.ERROR]
    lines = split_lines(case["text"])
    for problem in problems:
        assert problem.code
        assert problem.message.endswith((".", "?"))
        start, end = problem.span.start, problem.span.end
        assert start <= end
        for place in (start, end):
            assert 0 <= place.line < len(lines)
            assert 0 <= place.column <= len(lines[place.line])
    assert bool(problems) == (PUBLISHED[case["id"]] in {"refused", "not-in-a-config"}) or case.get("must_fail")


@each_case
def test_the_checker_takes_every_text(case: dict[str, Any]) -> None:
    result = check(case["text"])
    assert result.problems, "no case of the suite is a config"
    assert result.plan is None


def test_more_is_read_rightly_than_by_the_loader_below() -> None:
    theirs = sum(c_loader_reads(case["text"]) != bool(case.get("must_fail")) for case in CASES)
    ours = sum(PUBLISHED[case["id"]] in {"agrees", "not-in-a-config", "other-data"} for case in CASES)
    assert theirs == 335
    assert ours >= theirs - 1


def c_loader_reads(text: str) -> bool:
    try:
        list(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return False
    return True


def test_the_judge_tells_apart_what_json_tells_apart() -> None:
    assert is_same([1, {"a": "x"}], [1.0, {"a": "x"}])
    assert not is_same(True, 1)
    assert not is_same("1", 1)
    assert not is_same({"a": 1}, {"a": 1, "b": 2})
    assert not is_same([1], [1, 2])
    assert not is_same(None, "")


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({"text": "a: 1", "json": [{"a": 1}]}, "agrees"),
        ({"text": "a: 1", "json": [{"a": 2}]}, "other-data"),
        ({"text": "a: 1", "must_fail": True}, "accepted"),
        ({"text": "a: [", "must_fail": True}, "agrees"),
        ({"text": "a: [", "json": [{"a": []}]}, "refused"),
        ({"text": "--- a\n--- b\n", "json": ["a", "b"]}, "not-in-a-config"),
        ({"text": "# nothing\n", "json": []}, "agrees"),
    ],
)
def test_the_judge_gives_each_verdict(case: dict[str, Any], expected: str) -> None:
    assert verdict(case, parse(case["text"])) == expected


def test_what_no_config_uses_is_told_by_codes_of_its_own() -> None:
    seen = {
        problem.code
        for case in CASES
        if PUBLISHED[case["id"]] == "not-in-a-config"
        for problem in parse(case["text"]).problems
        if problem.severity is Severity.ERROR
    }
    assert seen == NOT_IN_A_CONFIG
