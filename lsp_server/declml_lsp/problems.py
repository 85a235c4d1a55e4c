"""All problems of a config, from all who find some: the checker, its plug-ins, its data, and the trainer itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from declml_lsp.data_problems import FOUND_CODES, data_problems
from declml_lsp.facts import Facts
from declml_lsp.section import section
from declml_lsp.snapshot import Snapshot
from declml_schema.anchors import with_origins
from declml_schema.check import CheckResult
from declml_schema.document import entries, resolve
from declml_schema.ignore_comments import heed_ignores
from declml_schema.places import path_steps, span_of
from declml_schema.problems import Problem, ProblemList, Severity, Span
from declml_schema.tree import MappingNode, Node, SequenceNode
from declml_schema.vocabulary import vocabulary

_ROWS_LEFT_OUT = ("where", "sample", "limit")
"""Options of the data section that leave rows out, of which a profile does not know."""
_BETWEEN_COLUMNS = frozenset({"class-imbalance", "feature-equals-target"})
"""What the trainer does not say of a single column, and perhaps not at all."""
_WAITS_FOR_PLUGINS = frozenset({"unknown-type"})
"""What a plug-in that is still being read may make right."""


def problems_of(
    snapshot: Snapshot, result: CheckResult, facts: Facts, failures: Sequence[Problem] = ()
) -> list[Problem]:
    """Return all problems in the order of the text, each mistake once.

    ``result`` is the checker's, with what is known of words and data; ``failures`` are what a training failed of.
    """
    told = ProblemList()
    known = facts.are_words_known(snapshot)
    for problem in result.problems:
        if known or problem.code not in _WAITS_FOR_PLUGINS:
            told.add(problem)
    refused = {problem.path for problem in result.problems if problem.severity is Severity.ERROR and problem.path}
    # A value that the checker refuses cannot be read either: that is one mistake.
    found = [
        replace(problem, span=_value_span(snapshot.root, problem.path))
        for problem in facts.problems(snapshot)
        if not any(path == problem.path or path.startswith(f"{problem.path}[") for path in refused)
    ]
    found += _of_the_data(snapshot, result, facts)
    for problem in with_origins(snapshot.root, snapshot.lines, found) if "*" in snapshot.config else found:
        told.add(problem)
    known_already = {(each.code, each.span.start.line) for each in told.problems}
    for problem in failures:
        if (problem.code, problem.span.start.line) not in known_already:
            told.add(problem)
    return told.sorted()


def problems_at_rest(snapshot: Snapshot) -> list[Problem]:
    """Return what the checker alone says of a config that nobody looks at: no process is asked about it."""
    waits = section(snapshot, "code") is not None
    found = snapshot.check(vocabulary()).problems
    return [each for each in found if not (waits and each.code in _WAITS_FOR_PLUGINS)]


def _of_the_data(snapshot: Snapshot, result: CheckResult, facts: Facts) -> list[Problem]:
    profile = facts.profile(snapshot)
    model = facts.known_model(snapshot)
    if profile is None and model is None:
        return []
    found: list[Problem] = []
    if profile is not None:
        data = section(snapshot, "data")
        options: Mapping[str, Any] = data if isinstance(data, dict) else {}
        is_whole = all(options.get(name) is None for name in _ROWS_LEFT_OUT)
        found = data_problems(result, profile, is_whole=is_whole)
    if model is not None and model["rows"] is not None:
        found = _as_trained(found, _of_the_trainer(snapshot.root, result, model["problems"]))
    return heed_ignores(result.document, found, codes=FOUND_CODES)


def _as_trained(found: Sequence[Problem], said: Mapping[tuple[str, str], Problem]) -> list[Problem]:
    """Return what a profile suggests, corrected by what the trainer says: it has looked at the rows it would use."""
    answer: list[Problem] = []
    rest = dict(said)
    for problem in found:
        exact = rest.pop((problem.code, problem.path), None)
        if exact is not None:
            answer.append(
                replace(problem, message=exact.message, severity=exact.severity, hint=exact.hint or problem.hint)
            )
        elif problem.code in _BETWEEN_COLUMNS:
            answer.append(problem)
    return [*answer, *rest.values()]


def _of_the_trainer(
    root: Node | None, result: CheckResult, told: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], Problem]:
    """Return what the trainer says beyond the checker, by code and path; of several the first."""
    answer: dict[tuple[str, str], Problem] = {}
    checked = {(each.code, each.path) for each in result.problems}
    for each in told:
        code, path = str(each["code"]), str(each.get("path", ""))
        if (code, path) not in checked and (code, path) not in answer:
            severity, hint = Severity(str(each["severity"])), str(each.get("hint", ""))
            answer[code, path] = Problem(code, str(each["message"]), span_of(root, path), severity, path, hint=hint)
    return answer


def _value_span(root: Node | None, path: str) -> Span:
    """Return the place of the value at a path, or of the key that names it, or of the last step that is there."""
    node = root
    for step in path_steps(path):
        here = resolve(node) if node is not None else None
        if isinstance(here, MappingNode):
            node = next((each.value for each in entries(here) if each.key.text == step), None)
        elif isinstance(here, SequenceNode):
            node = here.items[int(step)] if step.isdecimal() and int(step) < len(here.items) else None
        elif step != "0":  # one file may stand without a list
            node = None
        if node is None:
            return span_of(root, path)
    return node.span if node is not None and node.start_line == node.end_line else span_of(root, path)
