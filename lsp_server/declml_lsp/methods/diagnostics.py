"""Diagnostics, pushed and pulled: the one checker's problems as the protocol writes them."""

from __future__ import annotations

from lsprotocol import types

from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.problems import Problem, Severity, Span

SOURCE = "declml"

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


def diagnose(session: Session, snapshot: Snapshot) -> list[types.Diagnostic]:
    """Return everything wrong with a config, in the order of the text."""
    levels = session.settings(snapshot).severity
    return [
        _diagnostic(snapshot, each, levels.get(each.code))
        for each in session.checked(snapshot).problems
        if levels.get(each.code) != "off"
    ]


def pull(
    session: Session, snapshot: Snapshot, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    """Answer ``textDocument/diagnostic``."""
    found = diagnose(session, snapshot)
    return types.RelatedFullDocumentDiagnosticReport(items=found)


def _diagnostic(snapshot: Snapshot, problem: Problem, level: str | None) -> types.Diagnostic:
    severity = _LEVELS[level] if level in _LEVELS else _SEVERITIES[problem.severity]
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    return types.Diagnostic(
        snapshot.text.range(_visible(problem.span)),
        message,
        severity,
        problem.code,
        source=SOURCE,
        tags=[_TAGS[tag] for tag in problem.tags if tag in _TAGS] or None,
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(snapshot.uri, snapshot.text.range(each.span)), each.message
            )
            for each in problem.related
        ]
        or None,
        data={"path": problem.path} if problem.path else None,
    )


def _visible(span: Span) -> Span:
    return span
