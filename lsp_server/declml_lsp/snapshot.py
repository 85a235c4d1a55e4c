"""One version of one document, never changed: what follows from it is computed once, by whoever asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from declml_lsp.text import Text
from declml_schema.check import CheckResult, check
from declml_schema.document import Document, parse
from declml_schema.tree import Node
from declml_schema.vocabulary import Vocabulary

LARGEST_CHECKED = 4_000_000
"""Characters; a longer text is no config that a person edits, and is not read at all."""
T = TypeVar("T")


@dataclass
class _Checked:
    words: Vocabulary
    columns: Mapping[str, str] | None
    result: CheckResult


@dataclass
class Snapshot:
    """A config at one version. ``text`` is as the client sees it, ``config`` the same with a cell's magic line blank.

    ``path`` is the file (a cell's: its notebook), None for a buffer that was never saved.
    """

    uri: str
    version: int | None
    text: Text
    config: str
    path: Path | None = None
    is_cell: bool = False
    sections: dict[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    """What `section` has read of it: plain data by top-level key."""
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _checked: _Checked | None = field(default=None, repr=False)
    _made: dict[str, tuple[Vocabulary, Any]] = field(default_factory=dict[str, tuple[Vocabulary, Any]], repr=False)

    @cached_property
    def lines(self) -> list[str]:
        """The config's lines: those of the text, a magic line empty."""
        lines = self.text.lines
        return ["", *lines[1:]] if self.is_cell else lines

    @property
    def document(self) -> Document:
        """The parsed text; half-typed text is mended."""
        with self._lock:
            return self._document

    @cached_property
    def _document(self) -> Document:
        return parse("" if len(self.config) > LARGEST_CHECKED else self.config)

    @property
    def root(self) -> Node | None:
        """The tree, None for an empty text."""
        return self.document.root

    def once(self, what: str, words: Vocabulary, make: Callable[[], T]) -> T:
        """Return what ``make`` returns for these words, made once for this version of the text."""
        with self._lock:
            known = self._made.get(what)
            if known is None or known[0] is not words:
                known = self._made[what] = (words, make())
            return known[1]

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the config start from."""
        return self.path.parent if self.path is not None else Path.cwd()

    def check(self, words: Vocabulary, columns: Mapping[str, str] | None = None) -> CheckResult:
        """Return what the checker says, with these words and, where known, the data's columns (name -> type)."""
        with self._lock:
            known = self._checked
            if known is None or known.words is not words or known.columns is not columns:
                result = check(self._document, vocabulary=words, columns=columns)
                known = self._checked = _Checked(words, columns, result)
            return known.result
