"""Half-typed YAML made parseable: what the writer most likely left unfinished is closed, completed or blanked.

A round looks at one fault of the parser, asks `diagnosis` what may be meant, and keeps the attempt after which the
parser gets furthest. Columns stay, or are moved back afterwards by `placement`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from declml_schema.diagnosis import Attempt, attempts_for
from declml_schema.parser import YamlFault, find_fault
from declml_schema.problems import ProblemList
from declml_schema.source_text import Source

MAX_ROUNDS = 8
MAX_CUTS = 30

Find: TypeAlias = Callable[[list[str], Collection[int]], YamlFault | None]


@dataclass(frozen=True, slots=True)
class Repair:
    """A text that parses. ``inserted`` has, for each changed line, the column and number of the characters inserted."""

    text: str
    lines: list[str]
    broken: frozenset[int]
    inserted: dict[int, tuple[int, int]]


def find_anywhere(lines: list[str], _changed: Collection[int]) -> YamlFault | None:
    """Return the first fault of a text that is given by its lines."""
    return find_fault("\n".join(lines))


def repair(source: Source, fault: YamlFault, problems: ProblemList, *, find: Find = find_anywhere) -> Repair:
    """Return a parseable version of ``source`` and add a problem for each mistake that is clearly one of its own.

    ``find`` returns the first fault of changed lines, and is told which are.
    """
    lines = list(source.lines)
    broken: set[int] = set(source.broken)
    inserted: dict[int, tuple[int, int]] = {}
    reported_line = -1
    rest: YamlFault | None = fault
    for _ in range(MAX_ROUNDS):
        if rest is None:
            break
        chosen, rest = _best(lines, rest, inserted, find)
        if reported_line < 0 or _is_independent(source.lines, reported_line, chosen.problem.span.start.line):
            problems.add(chosen.problem)
        reported_line = max(reported_line, chosen.problem.span.start.line, *chosen.changes)
        for index, change in chosen.changes.items():
            lines[index] = change.text
            inserted[index] = (change.column, change.count)
        broken.update(chosen.distrusted)
    if rest is not None:
        kept = _longest_prefix(lines, rest)
        broken.update(range(kept, len(lines)))
        lines[kept:] = [""] * (len(lines) - kept)
        inserted.update(dict.fromkeys(range(kept, len(lines)), (0, 0)))
    return Repair("\n".join(lines), lines, frozenset(broken), inserted)


def _best(lines: list[str], fault: YamlFault, changed: Collection[int], find: Find) -> tuple[Attempt, YamlFault | None]:
    """Return the attempt that lets the parser get furthest, and the fault it then meets, if any."""
    best: tuple[Attempt, YamlFault] | None = None
    for attempt in attempts_for(lines, fault):
        tried = list(lines)
        for index, change in attempt.changes.items():
            tried[index] = change.text
        found = find(tried, {*changed, *attempt.changes})
        if found is None or found.line > fault.line + 1:
            return attempt, found
        if best is None or (found.line, found.column) > (best[1].line, best[1].column):
            best = attempt, found
    assert best is not None, "there is always the attempt to blank the line"
    return best


def _is_independent(lines: list[str], earlier: int, later: int) -> bool:
    """Return whether a new section starts between two faults, so that one cannot be the consequence of the other."""
    return any(line[:1] not in ("", " ", "\t", "#", "-", "]", "}") for line in lines[earlier + 1 : later + 1])


def _longest_prefix(lines: list[str], fault: YamlFault) -> int:
    """Return how many lines to keep so that they parse."""
    kept = min(fault.line, len(lines))
    for _ in range(MAX_CUTS):
        found = find_fault("\n".join(lines[:kept]))
        if found is None:
            return kept
        opened = found.context_line if found.context_line >= 0 and "block" not in found.context else found.line
        kept = max(0, min(kept - 1, found.line, opened))
    while kept and find_fault("\n".join(lines[:kept])) is not None:
        kept //= 2
    return kept
