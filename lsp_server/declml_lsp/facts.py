"""What the runtime knows and the editor shows: a data set's profile, a plug-in's words, a model's shapes.

Computed by the runtime in a process of its own (``python -m declml.run.facts``) and read as JSON. Every question is
answered at once with what is known; when more becomes known, `Facts.on_news` is called with the document's address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from declml_lsp.snapshot import Snapshot
from declml_schema.vocabulary import Vocabulary, vocabulary


class Facts:
    """Asks the runtime and remembers its answers."""

    def __init__(self, on_news: Callable[[str], None]) -> None:
        self.on_news = on_news

    def words(self, snapshot: Snapshot) -> Vocabulary:
        """Return the words that the config may use: the built-in ones and those of its plug-ins, as far as known."""
        return vocabulary()

    def profile(self, snapshot: Snapshot) -> Mapping[str, Any] | None:
        """Return the profile of the config's data, None while it is not known."""
        return None

    def model(self, snapshot: Snapshot) -> Mapping[str, Any] | None:
        """Return the shapes and sizes of the config's model, None while they are not known."""
        return None

    def close(self) -> None:
        """End the processes."""
