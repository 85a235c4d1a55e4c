"""One thing that may be written at the cursor, before it is put as the protocol and the client want it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lsprotocol import types

Kind = types.CompletionItemKind


class Rank(StrEnum):
    """The order of a list: what must be there, what most people set, the rest, and what is seldom meant."""

    REQUIRED = "0"
    COMMON = "1"
    REST = "2"
    SELDOM = "3"
    DEPRECATED = "4"


@dataclass(frozen=True, slots=True)
class Shape:
    """What is put around a text: ``opening`` before it, ``closing`` after it. It is part of a flow style if ``flow``.

    ``column`` is where the lines after the first begin.
    """

    opening: str = ""
    closing: str = ""
    column: int = 0
    flow: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """``lines`` are written, with what ``shape`` says around them; ``snippet`` says that they have places to fill in.

    ``brief`` stands beside the label in the list, ``doc`` explains, in Markdown, and is not worked out before somebody
    wants to read it. ``again`` asks the client to complete once more when it is taken.
    """

    label: str
    lines: tuple[str, ...]
    shape: Shape
    kind: Kind
    rank: Rank = Rank.REST
    brief: str = ""
    doc: Callable[[], str] | str = ""
    snippet: bool = False
    deprecated: bool = False
    again: bool = False
    quotable: bool = False
    """The first line is a text, or begins with one, that may stand in quotes."""
    match: str = ""
    """What is compared with the text that is typed, where that is not the label."""
