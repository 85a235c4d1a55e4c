"""The nodes of a parsed config: every key, value and alias keeps its place in the text.

`document.parse` makes them; the checker, the editor's completion and the formatter read them. Values are not copied
when an alias is used: an `Alias` points at its target.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

from declml_schema.problems import Position, Span


class Place(Protocol):
    """A place in a text, zero-based: a `Position`, or the parser's own mark, which would cost time to copy."""

    @property
    def line(self) -> int:
        """The line."""
        ...

    @property
    def column(self) -> int:
        """The column, in code points."""
        ...


Spot: TypeAlias = Place | int
"""A place as a node keeps it: a `Place`, or line and column in one number, of which a long config has thousands."""

COLUMN_BITS = 16
_COLUMN = (1 << COLUMN_BITS) - 1


def _place(spot: Spot) -> Place:
    return Position(spot >> COLUMN_BITS, spot & _COLUMN) if isinstance(spot, int) else spot


class _Placed:
    """Reads the two ends of a node, which may be packed: most are never asked for."""

    __slots__ = ("end_spot", "start_spot")

    def __init__(self, start: Spot, end: Spot) -> None:
        self.start_spot = start
        self.end_spot = end

    @property
    def start(self) -> Place:
        """The place of the first character."""
        return _place(self.start_spot)

    @start.setter
    def start(self, place: Spot) -> None:
        self.start_spot = place

    @property
    def end(self) -> Place:
        """The place past the last character."""
        return _place(self.end_spot)

    @end.setter
    def end(self, place: Spot) -> None:
        self.end_spot = place

    @property
    def start_line(self) -> int:
        """The line of the first character."""
        spot = self.start_spot
        return spot >> COLUMN_BITS if isinstance(spot, int) else spot.line

    @property
    def start_column(self) -> int:
        """The column of the first character."""
        spot = self.start_spot
        return spot & _COLUMN if isinstance(spot, int) else spot.column

    @property
    def end_line(self) -> int:
        """The line where it ends."""
        spot = self.end_spot
        return spot >> COLUMN_BITS if isinstance(spot, int) else spot.line

    @property
    def end_column(self) -> int:
        """The column past its last character."""
        spot = self.end_spot
        return spot & _COLUMN if isinstance(spot, int) else spot.column

    @property
    def span(self) -> Span:
        """Where it stands: quotes included, comments and blank lines after a mapping or list left out."""
        start, end = self.start, self.end
        return Span(Position(start.line, start.column), Position(end.line, end.column))


class Scalar(_Placed):
    """A plain or quoted value. ``text`` is its content, ``value`` what YAML 1.2 core (plus ``1e-3``) makes of it."""

    __slots__ = ("anchor", "style", "tag", "text", "value")

    def __init__(
        self,
        text: str,
        value: str | int | float | bool | None,  # noqa: FBT001 - a value of the text, not a switch
        style: str | None,
        start: Spot,
        end: Spot,
    ) -> None:
        # As in the base, which is not called: a config has thousands of these.
        self.text = text
        self.value = value
        self.style = style  # None plain, "'" or '"' quoted, "|" or ">" block
        self.start_spot = start
        self.end_spot = end
        self.anchor: str | None = None
        self.tag: str | None = None


class Entry:
    """One ``key: value`` of a mapping. ``merged`` is true for an entry that came through a merge key (``<<``)."""

    __slots__ = ("key", "merged", "value")

    def __init__(self, key: Scalar, value: Node, merged: bool = False) -> None:  # noqa: FBT001, FBT002 - a mark, not a switch
        self.key = key
        self.value = value
        self.merged = merged


class MappingNode(_Placed):
    """A block or flow mapping. ``entries`` are as written, duplicates and merge keys included.

    ``simple`` says that there are neither, so that the entries as written are those in force; False is not known.
    """

    __slots__ = ("anchor", "entries", "flow", "simple", "tag")

    def __init__(self, start: Spot, end: Spot, *, flow: bool) -> None:
        self.start_spot = start
        self.end_spot = end
        self.entries: list[Entry] = []
        self.flow = flow
        self.simple = False
        self.anchor: str | None = None
        self.tag: str | None = None


class SequenceNode(_Placed):
    """A block or flow sequence."""

    __slots__ = ("anchor", "flow", "items", "tag")

    def __init__(self, start: Spot, end: Spot, *, flow: bool) -> None:
        self.start_spot = start
        self.end_spot = end
        self.items: list[Node] = []
        self.flow = flow
        self.anchor: str | None = None
        self.tag: str | None = None


class Alias(_Placed):
    """A use of an anchor (``*name``). ``target`` is None when there is no such anchor, which is a problem of its
    own.
    """

    __slots__ = ("name", "target")

    def __init__(self, name: str, target: Node | None, start: Spot, end: Spot) -> None:
        super().__init__(start, end)
        self.name = name
        self.target = target


Node: TypeAlias = Scalar | MappingNode | SequenceNode | Alias
