"""``textDocument/completion``: what may be written at the cursor, also while the text around it is broken."""

from __future__ import annotations

from lsprotocol import types

from declml_lsp.completion.items import Writer
from declml_lsp.completion.offers import offers_at
from declml_lsp.completion.place import place_at
from declml_lsp.session import Session
from declml_lsp.snapshot import LARGEST_CHECKED, Snapshot

TRIGGERS = (":", " ", "-", "[", "{", ",", '"', "'", "/", ".", "*")
OPTIONS = types.CompletionOptions(trigger_characters=TRIGGERS, resolve_provider=True)
EMPTY = types.CompletionList(is_incomplete=False, items=[])
LATE = types.CompletionList(is_incomplete=True, items=[])
SECONDS = 0.5
"""A list that comes later than this disturbs whoever has typed on."""


def complete(session: Session, snapshot: Snapshot, params: types.CompletionParams) -> types.CompletionList:
    """Answer ``textDocument/completion``."""
    position = snapshot.text.position(params.position)
    if len(snapshot.config) > LARGEST_CHECKED or (snapshot.is_cell and position.line == 0):
        return EMPTY  # the first line of a cell is its magic
    place = place_at(session, snapshot, position)
    offers = offers_at(place)
    data = place.as_data() if place.client.fetches_docs and offers else None
    one = place.client.one_data and data is not None
    items = Writer(place).items(offers, None if one else data)
    defaults = types.CompletionItemDefaults(data=data) if one else None
    return types.CompletionList(is_incomplete=place.is_cut, items=items, item_defaults=defaults)
