"""Diagnostics, pushed and pulled: all problems of a config as the protocol writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from lsprotocol import types

from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.problems import Problem, Severity

SOURCE = "declml"
MOST_SHOWN = 1000
"""A text with more mistakes is no config yet; the rest is told when these are mended."""

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFORMATION: types.DiagnosticSeverity.Information,
}
_LEVELS = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}
_TAGS = {"deprecated": types.DiagnosticTag.Deprecated, "unnecessary": types.DiagnosticTag.Unnecessary}
_TAGS_OF_CODES = {"legacy-spelling": "deprecated", "ignored-parameter": "unnecessary"}


def diagnose(session: Session, snapshot: Snapshot) -> list[types.Diagnostic]:
    """Return everything wrong with a config, in the order of the text."""
    levels = session.settings(snapshot).severity
    return Writer(session, snapshot, levels).write(shown(session.problems(snapshot), levels))


def pull(
    session: Session, snapshot: Snapshot, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    """Answer ``textDocument/diagnostic``; what the client has already is not sent again."""
    levels = session.settings(snapshot).severity
    found = shown(session.problems(snapshot), levels)
    mark = mark_of(found, levels)
    if params.previous_result_id == mark:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=mark)
    items = Writer(session, snapshot, levels).write(found)
    return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=mark)


def shown(problems: Sequence[Problem], levels: Mapping[str, str]) -> list[Problem]:
    """Return the problems that a user wants to see, of very many the first."""
    found = [each for each in problems if levels.get(each.code) != "off"]
    if len(found) <= MOST_SHOWN:
        return found
    rest = f"There are {len(found) - MOST_SHOWN:,} more problems; they are shown when these are mended."
    last = found[MOST_SHOWN]
    return [*found[:MOST_SHOWN], Problem("more-problems", rest, last.span, Severity.INFORMATION)]


def mark_of(problems: Sequence[Problem], levels: Mapping[str, str]) -> str:
    """Return a name for a list of problems that no other list has."""
    told = repr((problems, sorted(levels.items())))
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class Writer:
    """Writes problems as far as the client can read them."""

    def __init__(self, session: Session, snapshot: Snapshot, levels: Mapping[str, str]) -> None:
        self._snapshot = snapshot
        self._levels = levels
        able = session.capabilities.text_document
        can = able.publish_diagnostics if able is not None else None
        self._relates = can is not None and bool(can.related_information)
        self._keeps_data = can is not None and bool(can.data_support)
        self._tags = set(can.tag_support.value_set) if can is not None and can.tag_support is not None else set()

    def write(self, problems: Sequence[Problem]) -> list[types.Diagnostic]:
        """Return one diagnostic for each problem."""
        return [self._diagnostic(each) for each in problems]

    def _diagnostic(self, problem: Problem) -> types.Diagnostic:
        level = self._levels.get(problem.code)
        severity = _LEVELS[level] if level in _LEVELS else _SEVERITIES[problem.severity]
        return types.Diagnostic(
            self._snapshot.text.range(problem.span),
            f"{problem.message}\n{problem.hint}" if problem.hint else problem.message,
            severity,
            problem.code,
            source=SOURCE,
            tags=self._known_tags(problem) or None,
            related_information=self._related(problem) or None,
            data={"code": problem.code, "path": problem.path} if self._keeps_data else None,
        )

    def _known_tags(self, problem: Problem) -> list[types.DiagnosticTag]:
        names = dict.fromkeys((*problem.tags, _TAGS_OF_CODES.get(problem.code, "")))
        return [_TAGS[name] for name in names if name in _TAGS and _TAGS[name] in self._tags]

    def _related(self, problem: Problem) -> list[types.DiagnosticRelatedInformation]:
        if not self._relates:
            return []
        snapshot = self._snapshot
        return [
            types.DiagnosticRelatedInformation(
                types.Location(snapshot.uri, snapshot.text.range(each.span)), each.message
            )
            for each in problem.related
        ]
