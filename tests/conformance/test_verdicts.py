"""The editor's verdict is the trainer's, on generated configs, right and wrong: same "may run?", same places.

The trainer's is what `declml.train` and `declml.plan` ask of a file before anything runs; the editor's what the server
shows for the same text. Places are compared in UTF-16 units, counted here anew.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest
from lsprotocol import types

import declml
from conformance.config_generator import generated
from conformance.config_mutations import MUTATIONS, mutated
from declml.errors import ConfigProblems, UserProblem
from declml_lsp.methods.diagnostics import diagnose
from declml_lsp.session import Session, snapshot_of
from declml_lsp.settings import Settings
from declml_lsp.text import Text
from declml_schema.problems import Problem, Severity, has_errors

Found: TypeAlias = Counter[tuple[str, int, int, int, int, int]]
"""How often a code stands at a range (line and UTF-16 unit of both ends) with a severity (1 is an error)."""

SEVERITIES = {Severity.ERROR: 1, Severity.WARNING: 2, Severity.INFORMATION: 3}
URI = "file:///nowhere/generated.declml.yaml"
LINE_END = re.compile(r"\r\n|\r|\n")


class QuietClient:
    """A client that nothing is said to: what is judged here are answers."""

    def refresh(self, uri: str) -> None:
        raise AssertionError(f"nothing about {uri} can change by itself")

    def log(self, message: str) -> None:
        raise AssertionError(message)

    def notify(self, method: str, params: Any) -> None:
        raise AssertionError(method)


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session(QuietClient())
    session.settings_by_folder[""] = Settings(profile=False)
    return session


def text_of(seed: int) -> tuple[str, str]:
    """Return how the text came about and the text: every other one has a mistake put into it."""
    text = generated(seed)
    return mutated(seed, text) if seed % 2 else ("as drawn", text)


def trainers(path: Path) -> tuple[bool, list[Problem]]:
    try:
        result = declml.check(path)
    except ConfigProblems as refused:
        return False, list(refused.problems)
    return result.plan is not None, result.problems


def editors(session: Session, text: str) -> tuple[bool, Found]:
    snapshot = snapshot_of(URI, 1, Text(text), language="yaml", notebook=None)
    assert snapshot is not None
    shown = diagnose(session, snapshot)
    errors = [each for each in shown if each.severity is types.DiagnosticSeverity.Error]
    return not errors, Counter(
        (str(each.code), *_ends(each.range), int(each.severity or 0)) for each in shown if each.source == "declml"
    )


def _ends(area: types.Range) -> tuple[int, int, int, int]:
    return area.start.line, area.start.character, area.end.line, area.end.character


def in_units(problems: Iterable[Problem], text: str) -> Found:
    """Return the problems as a client must see them: columns are code points, a client counts UTF-16 units."""
    lines = LINE_END.split(text)

    def units(line: int, column: int) -> int:
        assert column <= len(lines[line]), f"line {line} has no column {column}"
        return len(lines[line][:column].encode("utf-16-le", "surrogatepass")) // 2

    return Counter(
        (
            each.code, each.span.start.line, units(each.span.start.line, each.span.start.column),
            each.span.end.line, units(each.span.end.line, each.span.end.column), SEVERITIES[each.severity],
        )
        for each in problems
    )  # fmt: skip


def compare(session: Session, seeds: range, path: Path) -> None:
    """Hold both verdicts against each other for each seed, and the whole against being one-sided."""
    apart: list[str] = []
    tally: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for seed in seeds:
        what, text = text_of(seed)
        mark = codecs.BOM_UTF8 if seed % 37 == 0 else b""  # an editor strips the mark that a file may begin with
        path.write_bytes(mark + text.encode())
        may_run, problems = trainers(path)
        also_may_run, shown = editors(session, text)
        assert may_run == (not has_errors(problems))
        expected = in_units(problems, text)
        if may_run != also_may_run or shown != expected:
            apart.append(f"seed {seed} ({what}): trainer alone {expected - shown}, editor alone {shown - expected}")
        tally["runs" if may_run else "refused"] += 1
        tally["with non-ASCII characters"] += not text.isascii()
        tally["with carriage returns"] += "\r" in text
        tally["with aliases"] += "*part" in text
        codes.update({each.code for each in problems})
    assert not apart, f"{len(apart)} of {len(seeds)} verdicts differ\n" + "\n".join(apart[:10])
    assert tally["runs"] > 0.35 * len(seeds)
    assert tally["refused"] > 0.35 * len(seeds)
    assert min(tally.values()) > 0.02 * len(seeds), tally
    # Which rare codes come up among few seeds changes with each word that the vocabulary gains.
    assert len(codes) >= (25 if len(seeds) >= 10_000 else 18), sorted(codes)


def test_the_editor_and_the_trainer_agree(session: Session, tmp_path: Path) -> None:
    compare(session, range(700), tmp_path / "config.declml.yaml")


@pytest.mark.thorough
def test_the_editor_and_the_trainer_agree_on_ten_thousand(session: Session, tmp_path: Path) -> None:
    compare(session, range(10_000), tmp_path / "config.declml.yaml")


def test_what_the_editor_calls_wrong_no_plan_is_made_of(session: Session, tmp_path: Path) -> None:
    """The check is the one that stands before a run: what it refuses is refused, what it passes goes on to the data."""
    path = tmp_path / "config.declml.yaml"
    outcomes: Counter[str] = Counter()
    for seed in range(80):
        text = text_of(seed)[1]
        path.write_bytes(text.encode())
        may_run, shown = editors(session, text)
        try:
            declml.plan(path, dataset=tmp_path / "absent.csv")
        except ConfigProblems as refused:
            assert not may_run
            assert in_units(refused.problems, text) == shown
            outcomes["refused"] += 1
        except UserProblem as problem:
            assert may_run, problem.message
            outcomes[problem.code] += 1
    assert outcomes["refused"] > 20
    assert outcomes.total() - outcomes["refused"] > 20
    assert outcomes.total() == 80


def test_a_mark_that_moves_a_place_is_noticed() -> None:
    problem = declml.check("größe: 1\n🧮: {a: 1}\ninput_features: [\n").problems[0]
    found = in_units([problem], "größe: 1\n🧮: {a: 1}\ninput_features: [\n")
    assert found != in_units([problem], "größe: 1\n🧮🧮: {a: 1}\ninput_features: [\n") or problem.span.start.line != 1


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_every_kind_of_mistake_changes_most_texts(name: str) -> None:
    texts = [generated(seed) for seed in range(40)]
    changed = sum(MUTATIONS[name](Random(seed), text) != text for seed, text in enumerate(texts))
    assert changed > 25


def test_a_seed_always_draws_the_same() -> None:
    assert [text_of(seed) for seed in range(20)] == [text_of(seed) for seed in range(20)]
    assert len({generated(seed) for seed in range(50)}) == 50
