"""What is being typed inside a collection in flow style: ``{type: lstm, nu|``, over several lines too.

A small scanner instead of the parser: the bracket may have no end yet. YAML 1.2, section 7.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from declml_lsp.levels import Level, Step, scalar_text

_AFTER_KEY = " \t\n,]}"
_SPECIAL = re.compile(r"[\[\]{},:'\"#]")

# What is closed before the cursor says nothing about it: skipped in one match, as deep as configs nest. The quantifiers
# are possessive, so that an open bracket costs one look and no search.
_PIECE = r"""[^{}\[\]"'#]++|(?<=[\s,:\[{])(?:"(?:[^"\\]|\\.)*+"|'[^']*+')"""
_DEPTH = 4


def _closed(depth: int) -> str:
    inside = f"{_PIECE}|{_closed(depth - 1)}" if depth > 1 else _PIECE
    return rf"[\[{{](?:{inside})*+[\]}}]"


_COLLECTION = re.compile(_closed(_DEPTH), re.DOTALL)


@dataclass(slots=True, eq=False)
class _Frame:
    """An open bracket."""

    is_list: bool
    step: Step
    keys: list[str] = field(default_factory=list[str])
    scalars: dict[str, str] = field(default_factory=dict[str, str])
    aliases: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    items: int = 0
    key: str | None = None

    def here(self) -> Step:
        """Return the step to what is being read inside."""
        return self.items if self.is_list else self.key or ""

    def level(self) -> Level:
        """Return it as a level."""
        return Level(self.step, tuple(self.keys), self.scalars, is_list=self.is_list, aliases=self.aliases)


@dataclass(slots=True)
class FlowCursor:
    """What is being typed: offsets ``start`` to ``end`` of the text hold it; ``key`` is None where it is a key."""

    levels: tuple[Level, ...]
    is_list: bool
    key: str | None
    start: int
    end: int
    has_colon: bool = False
    comment: bool = False


def locate_in_flow(text: str, stop: int, *, step: Step) -> FlowCursor | None:
    """Return what is being typed at offset ``stop`` of a text that begins with a bracket, None where it has ended.

    ``step`` leads to the collection. Levels are from its own inwards.
    """
    return _Scan(text, stop, step).run()


def closed_collection(text: str) -> str | None:
    """Return the collection that a text begins with, None where its last bracket is not there."""
    found = _COLLECTION.match(text)
    return found.group() if found is not None else None


class _Scan:
    """Reads the text once; the frames that are open at the cursor go on being filled with what follows it."""

    def __init__(self, text: str, stop: int, step: Step) -> None:
        self._text = text
        self._stop = stop
        self._step = step
        self._frames: list[_Frame] = []
        self._at_cursor: list[_Frame] | None = None
        self._found: FlowCursor | None = None
        self._start: int | None = None  # of the token being read

    def run(self) -> FlowCursor | None:
        """Return the cursor."""
        text, offset = self._text, 0
        while offset < len(text):
            if offset >= self._stop and self._at_cursor is None:
                self._capture()
            if self._at_cursor is not None and not any(frame in self._frames for frame in self._at_cursor):
                break
            offset = self._read(offset)
            if not self._frames and self._at_cursor is None:
                return None
        if self._at_cursor is None:
            self._capture()
        self._end_token(len(text))
        return self._answer()

    def _capture(self, *, comment: bool = False) -> None:
        self._at_cursor = [*self._frames]
        top = self._frames[-1]
        start = self._stop if self._start is None else self._start
        self._found = FlowCursor((), top.is_list, None if top.is_list else top.key, start, self._stop, comment=comment)

    def _read(self, offset: int) -> int:
        """Read one character, quoted text, comment or closed collection; return the offset after it."""
        text = self._text
        character = text[offset]
        if character in " \t\n":
            return offset + 1
        if character == "#" and (offset == 0 or text[offset - 1] in " \t\n"):
            return self._comment(offset)
        if character in "'\"" and self._start is None:
            return self._quoted(offset)
        if character in "{[" and self._start is None:
            return self._open(offset)
        if character in "}]":
            self._end_token(offset)
            if self._frames:
                self._frames.pop()
        elif character == ",":
            self._end_token(offset)
            self._frames[-1].items += 1
            self._frames[-1].key = None
        elif character == ":" and self._ends_a_key(offset):
            self._take_key(offset)
        else:
            return self._plain(offset)
        return offset + 1

    def _open(self, offset: int) -> int:
        frames = self._frames
        if frames and not self._is_merge(frames[-1]):
            closed = _COLLECTION.match(self._text, offset)
            if closed is not None and (closed.end() <= self._stop or self._at_cursor is not None):
                return closed.end()
        frames.append(_Frame(self._text[offset] == "[", frames[-1].here() if frames else self._step))
        return offset + 1

    def _plain(self, offset: int) -> int:
        """Read plain text up to a character that may end it, or to the cursor."""
        if self._start is None:
            self._start = offset
        found = _SPECIAL.search(self._text, offset + 1)
        end = found.start() if found is not None else len(self._text)
        return end if self._at_cursor is not None else min(end, max(offset + 1, self._stop))

    def _comment(self, offset: int) -> int:
        end = self._text.find("\n", offset)
        end = len(self._text) if end < 0 else end
        if self._at_cursor is None and offset < self._stop <= end:
            self._capture(comment=True)
        return end

    def _quoted(self, offset: int) -> int:
        self._start = offset
        text, quote = self._text, self._text[offset]
        end = offset + 1
        while end < len(text) and text[end] != quote:
            end += 2 if quote == '"' and text[end] == "\\" else 1
        end = min(end + 1, len(text))
        if self._at_cursor is None and offset < self._stop < end:
            self._capture()
        return end

    def _ends_a_key(self, offset: int) -> bool:
        frame, text = self._frames[-1], self._text
        if frame.is_list or frame.key is not None or self._start is None:
            return False
        return offset + 1 >= len(text) or text[offset + 1] in _AFTER_KEY or text[self._start] in "'\""

    def _take_key(self, offset: int) -> None:
        frame = self._frames[-1]
        name = scalar_text(self._text[self._start : offset])
        own = self._closes_the_token(offset)
        frame.key = name
        if own and self._found is not None:
            self._found.has_colon = True
        else:
            frame.keys.append(name)
        self._start = None

    def _end_token(self, offset: int) -> None:
        own = self._closes_the_token(offset)
        if self._start is not None and self._frames and not own:
            self._take_value(self._text[self._start : offset])
        self._start = None

    def _take_value(self, written: str) -> None:
        frame = self._frames[-1]
        outer = self._frames[-2] if len(self._frames) > 1 else None
        if frame.is_list:
            if outer is not None and self._is_merge(outer) and written[0] == "*":
                outer.aliases.setdefault("<<", []).append(written[1:].strip())
            frame.keys.append(scalar_text(written))
        elif frame.key is None:
            if "\n" not in written:
                frame.keys.append(scalar_text(written))
        elif written[0] == "*":
            frame.aliases.setdefault(frame.key, []).append(written[1:].strip())
        else:
            frame.scalars[frame.key] = scalar_text(written)

    @staticmethod
    def _is_merge(frame: _Frame) -> bool:
        return frame.key == "<<" and not frame.is_list

    def _closes_the_token(self, offset: int) -> bool:
        """Note the end of the token at the cursor, when it is the one being read; return whether it is."""
        found = self._found
        if found is None or self._start is None or self._start != found.start or found.end != self._stop:
            return False
        written = self._text[found.start : offset].partition("\n")[0]
        found.end = max(self._stop, found.start + len(written.rstrip()))
        return True

    def _answer(self) -> FlowCursor | None:
        found = self._found
        if found is None or self._at_cursor is None:
            return None
        found.levels = tuple(frame.level() for frame in self._at_cursor)
        return found
