"""What can be wrong with a config or its data: one `Problem` per mistake, with a place and a way out.

Every screen (terminal, editor, notebook, CI log) shows these same objects. Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem matters; only an ``error`` keeps a config from running."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text: zero-based line and column, counted in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of a text, from ``start`` up to but not including ``end``."""

    start: Position
    end: Position


START_OF_TEXT = Span(Position(0, 0), Position(0, 0))


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of ``span`` by ``text``; an empty span inserts, an empty text deletes."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A way out that a tool can apply: a title in the imperative and the edits that do it."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains the problem, such as the first feature of the same name."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: ``code`` is stable and in kebab-case, ``message`` is *subject must be rule; got value*.

    ``path`` is the config path (``input_features[2].encoder.dropout``), ``file`` the text it is in, when known.
    A problem of the data rather than of the text has ``span`` at the key of the config that asked for that data.
    """

    code: str
    message: str
    span: Span = START_OF_TEXT
    severity: Severity = Severity.ERROR
    path: str = ""
    hint: str = ""
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    tags: tuple[str, ...] = ()
    file: str = ""

    def in_file(self, file: str) -> Problem:
        """Return the same problem, placed in ``file``."""
        return replace(self, file=file)

    def as_json(self) -> dict[str, object]:
        """Return the problem as JSON data; lines and columns are one-based, as people and editors count."""
        answer: dict[str, object] = {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "file": self.file,
            "path": self.path,
            **_place(self.span),
        }
        if self.hint:
            answer["hint"] = self.hint
        if self.fix is not None:
            answer["fix"] = {
                "title": self.fix.title,
                "edits": [{**_place(edit.span), "text": edit.text} for edit in self.fix.edits],
            }
        if self.related:
            answer["related"] = [{**_place(each.span), "message": each.message} for each in self.related]
        if self.tags:
            answer["tags"] = list(self.tags)
        return answer


def _place(span: Span) -> dict[str, int]:
    return {
        "line": span.start.line + 1,
        "column": span.start.column + 1,
        "end_line": span.end.line + 1,
        "end_column": span.end.column + 1,
    }


def has_errors(problems: Sequence[Problem]) -> bool:
    """Return whether any of ``problems`` keeps the config from running."""
    return any(problem.severity is Severity.ERROR for problem in problems)


@dataclass(slots=True)
class ProblemList:
    """Collects the problems of one check, in the order of the text when asked for them."""

    problems: list[Problem] = field(default_factory=list[Problem])

    def add(self, problem: Problem) -> None:
        """Take one more problem."""
        self.problems.append(problem)

    def sorted(self) -> list[Problem]:
        """Return all problems by place, errors before warnings at the same place."""
        order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFORMATION: 2}
        return sorted(self.problems, key=lambda each: (each.span.start, order[each.severity], each.code))
