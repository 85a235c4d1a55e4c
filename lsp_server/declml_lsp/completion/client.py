"""What of completion a client understands: nothing is sent that it did not declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types

SUGGEST_COMMAND = "editor.action.triggerSuggest"
"""What asks an editor to complete again; a client that has it names it in ``experimental.commands.commands``."""

_OLD_KINDS: frozenset[types.CompletionItemKind | int] = frozenset(
    kind for kind in types.CompletionItemKind if kind <= types.CompletionItemKind.Reference
)
"""What a client shows that does not say which kinds it shows (LSP 3.17, `CompletionItemKind`)."""
_NEAREST_OLD_KIND = {
    types.CompletionItemKind.Folder: types.CompletionItemKind.File,
    types.CompletionItemKind.EnumMember: types.CompletionItemKind.Value,
    types.CompletionItemKind.Constant: types.CompletionItemKind.Value,
    types.CompletionItemKind.Struct: types.CompletionItemKind.Module,
}


@dataclass(frozen=True, slots=True)
class Client:
    """``fetches_docs`` says that documentation may wait until an item is looked at, ``as_is`` that inserted lines can
    be kept from being indented anew, ``one_data`` that what all items have in common is sent once.
    """

    snippets: bool = False
    markdown: bool = False
    tags: bool = False
    deprecated: bool = False
    label_details: bool = False
    fetches_docs: bool = False
    as_is: bool = False
    one_data: bool = False
    suggests_again: bool = False
    kinds: frozenset[types.CompletionItemKind | int] = _OLD_KINDS

    def kind(self, kind: types.CompletionItemKind) -> types.CompletionItemKind:
        """Return a kind that the client shows."""
        return kind if kind in self.kinds else _NEAREST_OLD_KIND.get(kind, types.CompletionItemKind.Value)


_known: dict[int, tuple[types.ClientCapabilities, Client]] = {}


def client_of(capabilities: types.ClientCapabilities) -> Client:
    """Return what a client declared; worked out once for each client."""
    known = _known.get(id(capabilities))
    if known is None or known[0] is not capabilities:
        _known.clear()  # a server has one client
        known = _known[id(capabilities)] = (capabilities, _read(capabilities))
    return known[1]


def _read(capabilities: types.ClientCapabilities) -> Client:
    document = capabilities.text_document
    completion = document.completion if document is not None else None
    if completion is None:
        return Client()
    item, kinds, whole = completion.completion_item, completion.completion_item_kind, completion.completion_list
    shown = frozenset(kinds.value_set) if kinds is not None and kinds.value_set else _OLD_KINDS
    again = SUGGEST_COMMAND in _commands(capabilities.experimental)
    if item is None:
        return Client(kinds=shown, suggests_again=again)
    return Client(
        snippets=bool(item.snippet_support),
        markdown=types.MarkupKind.Markdown in (item.documentation_format or ()),
        tags=item.tag_support is not None and types.CompletionItemTag.Deprecated in item.tag_support.value_set,
        deprecated=bool(item.deprecated_support),
        label_details=bool(item.label_details_support),
        fetches_docs=item.resolve_support is not None and "documentation" in item.resolve_support.properties,
        as_is=item.insert_text_mode_support is not None
        and types.InsertTextMode.AsIs in item.insert_text_mode_support.value_set,
        one_data=whole is not None and "data" in (whole.item_defaults or ()),
        suggests_again=again,
        kinds=shown,
    )


def _commands(experimental: Any) -> Any:
    """Return the commands of the editor that the client lets a server name."""
    here = experimental
    for name in ("commands", "commands"):
        here = here.get(name) if isinstance(here, dict) else getattr(here, name, None)
    return here if isinstance(here, list | tuple) else ()
