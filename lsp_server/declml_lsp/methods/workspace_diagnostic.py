"""workspace/diagnostic: the problems of all configs of a project, also of those that nobody has opened.

Of an open config, everything is told that ``textDocument/diagnostic`` tells. Of a file, what the checker says alone: no
data are profiled and no plug-in is run for a config that nobody looks at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from lsprotocol import types

from declml_lsp.config_files import read_config
from declml_lsp.methods.diagnostics import Writer, mark_of, shown
from declml_lsp.problems import problems_at_rest
from declml_lsp.session import Session, path_of
from declml_lsp.snapshot import Snapshot
from declml_schema.problems import Problem

SECONDS = 10.0
"""What is not looked at by then is looked at when the client asks again: the rest is known by its mark then."""
MOST_SECONDS = 60.0
"""One config may take longer than that; no answer is given then."""
EMPTY = types.WorkspaceDiagnosticReport([])
BATCH = 20
"""How many reports are sent at once to a client that takes them in parts."""

Report: TypeAlias = types.WorkspaceFullDocumentDiagnosticReport | types.WorkspaceUnchangedDocumentDiagnosticReport


@dataclass(frozen=True, slots=True)
class _Known:
    """What the client has of a document: under which address, and its mark."""

    uri: str
    mark: str


def respond(
    session: Session,
    params: types.WorkspaceDiagnosticParams,
    *,
    ended: Callable[[], bool] = lambda: False,
    seconds: float = SECONDS,
) -> types.WorkspaceDiagnosticReport:
    """Answer ``workspace/diagnostic``, in parts where the client asks for that. Ends early when ``ended`` says so."""
    answer: list[Report] = []
    deadline = time.monotonic() + seconds
    for report in _reports(session, params):
        answer.append(report)
        if params.partial_result_token is not None and len(answer) >= BATCH:
            _send(session, params.partial_result_token, answer)
            answer = []
        if ended() or time.monotonic() > deadline:
            break
    return types.WorkspaceDiagnosticReport(answer)


def _send(session: Session, token: int | str, reports: list[Report]) -> None:
    part = types.WorkspaceDiagnosticReportPartialResult(reports)
    session.client.notify(types.PROGRESS, types.ProgressParams(token, part))


def _reports(session: Session, params: types.WorkspaceDiagnosticParams) -> Iterator[Report]:
    """Yield a report for each config: those that are open first, then the files, then those that are gone."""
    known = {path_of(each.uri) or each.uri: _Known(each.uri, each.value) for each in params.previous_result_ids}
    seen: set[Path | str] = set()
    for snapshot in [*session.snapshots.values()]:
        place = snapshot.path if snapshot.path is not None and not snapshot.is_cell else snapshot.uri
        seen.add(place)
        yield _report(session, snapshot, session.problems(snapshot), known.get(place))
    for path in session.files.found(session.folders):
        if path not in seen:
            seen.add(path)
            yield from _of_file(session, path, known.get(path))
    for place, each in known.items():
        if place not in seen:
            yield types.WorkspaceFullDocumentDiagnosticReport(each.uri, [])


def _report(session: Session, snapshot: Snapshot, problems: Sequence[Problem], known: _Known | None) -> Report:
    levels = session.settings(snapshot).severity
    found = shown(problems, levels)
    mark = mark_of(found, levels)
    if known is not None and known.mark == mark:
        return types.WorkspaceUnchangedDocumentDiagnosticReport(snapshot.uri, mark, snapshot.version)
    items = Writer(session, snapshot, levels).write(found)
    return types.WorkspaceFullDocumentDiagnosticReport(snapshot.uri, items, snapshot.version, result_id=mark)


def _of_file(session: Session, path: Path, known: _Known | None) -> Iterator[Report]:
    """Yield the report of a file, from memory where neither it nor its settings are other than they were."""
    uri = known.uri if known is not None else path.as_uri()
    state = (_stamp(path), tuple(sorted(session.settings_at(path).severity.items())))
    if known is not None and session.files.marks.get(path) == (state, known.mark):
        yield types.WorkspaceUnchangedDocumentDiagnosticReport(uri, known.mark)
        return
    snapshot = read_config(path, uri, session.encoding)
    if snapshot is not None:
        report = _report(session, snapshot, problems_at_rest(snapshot), known)
        session.files.marks[path] = (state, report.result_id or "")
        yield report
    elif known is not None:
        yield types.WorkspaceFullDocumentDiagnosticReport(uri, [])


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (-1, -1)
    return (status.st_mtime_ns, status.st_size)
