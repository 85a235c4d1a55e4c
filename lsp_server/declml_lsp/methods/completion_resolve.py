"""``completionItem/resolve``: the documentation of an item, worked out when somebody looks at it."""

from __future__ import annotations

from lsprotocol import types

from declml_lsp.completion.items import documentation, label_of
from declml_lsp.completion.offers import offers_at
from declml_lsp.completion.place import from_data
from declml_lsp.session import Session


def resolve(session: Session, item: types.CompletionItem) -> types.CompletionItem:
    """Answer ``completionItem/resolve``; an item that is not known any more stays as it is."""
    place = from_data(session, item.data)
    if place is None:
        return item
    for offer in offers_at(place):
        is_it = label_of(offer) == item.label and (offer.brief or None) == item.detail
        if is_it and place.client.kind(offer.kind) == item.kind:
            item.documentation = documentation(place.client, offer)
            break
    return item
