"""textDocument/codeAction and codeAction/resolve: what can be done here; edits are made when one is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lsprotocol import types

from declml_lsp.actions.choices import switches
from declml_lsp.actions.features import missing_features, sort_feature
from declml_lsp.actions.fixes import FIX_ALL, fix_all, fixes
from declml_lsp.actions.proposal import Proposal, Request, text_edits
from declml_lsp.actions.shared import share_in_defaults
from declml_lsp.actions.values import pin, written_out
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.problems import Position, Span

OPTIONS = types.CodeActionOptions(
    [
        types.CodeActionKind.QuickFix,
        types.CodeActionKind.RefactorRewrite,
        types.CodeActionKind.RefactorExtract,
        FIX_ALL,
    ],
    resolve_provider=True,
)


def respond(session: Session, snapshot: Snapshot, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return what can be done in a range, of the kinds that were asked for."""
    request = Request(session, snapshot, snapshot.text.span(params.range))
    wanted = params.context.only
    lazily = _resolves_edits(session)
    prefers = session.supports("text_document", "code_action", "is_preferred_support")
    answer: list[types.CodeAction] = []
    for each in _proposals(request, wanted):
        action = types.CodeAction(
            each.title,
            each.kind,
            diagnostics=[one for one in params.context.diagnostics if each.problem and one.code == each.problem.code]
            or None,
            is_preferred=(prefers and each.preferred) or None,
        )
        if lazily:
            action.data = _data(snapshot, request.span, each.identity)
        else:
            action.edit = _edit(session, snapshot, each)
        answer.append(action)
    return answer


def resolve(session: Session, action: types.CodeAction) -> types.CodeAction:
    """Answer ``codeAction/resolve``: make the edits, unless the text has changed meanwhile."""
    data: Any = action.data
    if not isinstance(data, Mapping):
        return action
    snapshot = session.snapshots.get(str(data.get("uri")))
    if snapshot is None or snapshot.version != data.get("version"):
        return action
    line, column, end_line, end_column = data["span"]
    request = Request(session, snapshot, Span(Position(line, column), Position(end_line, end_column)))
    chosen = next((each for each in _proposals(request, None) if each.identity == data["identity"]), None)
    if chosen is not None:
        action.edit = _edit(session, snapshot, chosen)
    return action


def _proposals(request: Request, only: Any) -> Iterator[Proposal]:
    problems = request.session.checked(request.snapshot).problems
    if _asks_for(only, types.CodeActionKind.QuickFix):
        yield from fixes(request, problems)
    if _asks_for(only, types.CodeActionKind.RefactorRewrite):
        yield from missing_features(request)
        yield from written_out(request)
        yield from sort_feature(request)
        yield from pin(request)
        yield from switches(request)
    if _asks_for(only, types.CodeActionKind.RefactorExtract):
        yield from share_in_defaults(request)
    if _asks_for(only, FIX_ALL):
        yield from fix_all(problems)


def _asks_for(only: Any, kind: types.CodeActionKind) -> bool:
    """Return whether a kind is wanted; ``refactor`` asks for ``refactor.rewrite`` too."""
    if not only:
        return True
    names = [str(getattr(each, "value", each)) for each in only]
    return any(kind.value == name or kind.value.startswith(f"{name}.") or name == "" for name in names)


def _resolves_edits(session: Session) -> bool:
    capability = session.capabilities.text_document
    action = capability.code_action if capability is not None else None
    support = action.resolve_support if action is not None else None
    return support is not None and "edit" in support.properties


def _data(snapshot: Snapshot, span: Span, identity: str) -> dict[str, Any]:
    place = [span.start.line, span.start.column, span.end.line, span.end.column]
    return {"uri": snapshot.uri, "version": snapshot.version, "span": place, "identity": identity}


def _edit(session: Session, snapshot: Snapshot, proposal: Proposal) -> types.WorkspaceEdit:
    """Return the edits, tied to the document's version where the client takes that."""
    edits = text_edits(snapshot, proposal.edits())
    if session.supports("workspace", "workspace_edit", "document_changes") and snapshot.version is not None:
        document = types.OptionalVersionedTextDocumentIdentifier(snapshot.uri, snapshot.version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, edits)])
    return types.WorkspaceEdit(changes={snapshot.uri: edits})
