"""What is asked of the server, and who answers: the whole surface is on this page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from declml_lsp.methods import (
    code_action,
    code_lens,
    completion,
    completion_resolve,
    diagnostics,
    document_link,
    document_symbol,
    folding_range,
    formatting,
    hover,
    inlay_hint,
    navigation,
    selection_range,
    semantic_tokens,
    workspace_symbol,
)
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot

ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Method:
    """A request about one document, answered from its snapshot.

    ``options`` are declared to the client. ``empty`` is the answer for a document that is no config and after a
    failure, ``late`` the one when ``seconds`` have passed.
    """

    name: str
    answer: Callable[[Session, Snapshot, Any], Any]
    options: Any = None
    empty: Any = None
    late: Any = None
    seconds: float = ANSWER_SECONDS


SURFACE: tuple[Method, ...] = (
    Method(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        diagnostics.pull,
        types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="declml"),
        empty=types.RelatedFullDocumentDiagnosticReport(items=[]),
        seconds=60.0,  # nobody waits for them with the hands on the keys, and a late "none" would be a lie
    ),
    Method(types.TEXT_DOCUMENT_CODE_ACTION, code_action.respond, code_action.OPTIONS),
    Method(types.TEXT_DOCUMENT_HOVER, hover.respond),
    Method(types.TEXT_DOCUMENT_INLAY_HINT, inlay_hint.respond, types.InlayHintOptions(resolve_provider=False)),
    Method(types.TEXT_DOCUMENT_CODE_LENS, code_lens.respond, types.CodeLensOptions(resolve_provider=True)),
    Method(
        types.TEXT_DOCUMENT_COMPLETION,
        completion.complete,
        completion.OPTIONS,
        completion.EMPTY,
        completion.LATE,
        completion.SECONDS,
    ),
    Method(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, document_symbol.respond),
    Method(types.TEXT_DOCUMENT_FOLDING_RANGE, folding_range.respond),
    Method(types.TEXT_DOCUMENT_SELECTION_RANGE, selection_range.respond),
    Method(types.TEXT_DOCUMENT_DEFINITION, navigation.define),
    Method(types.TEXT_DOCUMENT_REFERENCES, navigation.refer),
    Method(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, navigation.highlight),
    Method(types.TEXT_DOCUMENT_PREPARE_RENAME, navigation.prepare_rename),
    Method(types.TEXT_DOCUMENT_RENAME, navigation.rename, types.RenameOptions(prepare_provider=True)),
    Method(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, semantic_tokens.full, semantic_tokens.LEGEND),
    Method(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, semantic_tokens.of_range, semantic_tokens.LEGEND),
    Method(types.TEXT_DOCUMENT_DOCUMENT_LINK, document_link.respond),
    Method(types.TEXT_DOCUMENT_FORMATTING, formatting.whole),
    Method(types.TEXT_DOCUMENT_RANGE_FORMATTING, formatting.of_range),
    Method(
        types.TEXT_DOCUMENT_ON_TYPE_FORMATTING,
        formatting.on_type,
        types.DocumentOnTypeFormattingOptions(first_trigger_character="\n"),
    ),
)
"""What is asked of one document."""

WORKSPACE_SURFACE: tuple[tuple[str, Callable[[Session, Any], Any], Any], ...] = (
    (types.COMPLETION_ITEM_RESOLVE, completion_resolve.resolve, None),
    (types.CODE_ACTION_RESOLVE, code_action.resolve, None),
    (types.CODE_LENS_RESOLVE, code_lens.resolve, None),
    (types.WORKSPACE_SYMBOL, workspace_symbol.respond, None),
)
"""What is asked of no document: the method, its answer, the options. ``workspace/diagnostic`` is served by `server`: it
can be cancelled, and takes long.
"""
