"""What can be said of one line of YAML without parsing the text: its key, its comment, what it leaves open.

Only for lines near a fault, where the parser has nothing to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CLOSER = {"[": "]", "{": "}"}
_LEAD = re.compile(r"[ \t]*(?:-(?:[ \t]+|$))*")
_COLON = re.compile(r":(?=[ \t]|$)")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#")


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """The columns of a line's ``key:``; ``value`` is where its value starts, or the end of the line."""

    start: int
    end: int
    value: int


@dataclass(frozen=True, slots=True)
class OpenEnds:
    """What a text leaves open: a quote, and brackets from the outermost on, each with its offset."""

    quote: tuple[str, int] | None
    brackets: list[tuple[str, int]]


def indent_of(line: str) -> str:
    """Return the blanks and tabs that a line starts with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def lead_width(line: str) -> int:
    """Return the width of a line's indentation and list dashes."""
    found = _LEAD.match(line)
    return 0 if found is None else found.end()


def bare_width(line: str) -> int:
    """Return the width of a line without its comment and the blanks before it."""
    start = 0
    while (found := _COMMENT.search(line, start)) is not None:
        if ends_of(line[: found.start()]).quote is None:
            return len(line[: found.start()].rstrip())
        start = found.end()
        if start > 2000:  # a line this long is no hand-written one; the scan is quadratic
            break
    return len(line.rstrip())


def content_of(line: str) -> str:
    """Return a line without indentation and comment."""
    return line[: bare_width(line)].strip()


def key_of(line: str) -> KeyPlace | None:
    """Return the place of the key in a line such as ``- name: title``, None where there is none."""
    start = lead_width(line)
    first = line[start : start + 1]
    if not first or first in "[]{}#&*!|>%@`,":
        return None
    after = start
    if first in "\"'":
        closed = _closing_quote(line, start)
        if closed < 0:
            return None
        after = closed + 1
    found = _COLON.search(line, after)
    if found is None or (after > start and line[after : found.start()].strip()):
        return None
    rest = line[found.end() :]
    return KeyPlace(start, len(line[: found.start()].rstrip()), found.end() + len(rest) - len(rest.lstrip(" \t")))


def _closing_quote(text: str, start: int) -> int:
    """Return the offset of the quote that closes the one at ``start``, or -1."""
    mark, at = text[start], start + 1
    while at < len(text):
        if text[at] == "\\" and mark == '"':
            at += 1
        elif text[at] == mark:
            if mark != "'" or text[at + 1 : at + 2] != "'":
                return at
            at += 1
        at += 1
    return -1


def ends_of(text: str) -> OpenEnds:
    """Return what is open at the end of ``text`` (one or more lines that start outside of quotes and brackets)."""
    brackets: list[tuple[str, int]] = []
    at, fresh = 0, True  # fresh: a token may start here, so that a quote opens a text
    while at < len(text):
        letter = text[at]
        if letter == "#" and (at == 0 or text[at - 1] in " \t\n"):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        if fresh and letter in "\"'":
            closed = _closing_quote(text, at)
            if closed < 0:
                return OpenEnds((letter, at), brackets)
            at, fresh = closed + 1, False
            continue
        if letter in "[{" and (fresh or brackets):
            brackets.append((letter, at))
            fresh = True
        elif letter in "]}":
            if brackets:
                brackets.pop()
            fresh = False
        else:
            fresh = _stays_fresh(text, at, fresh=fresh, in_flow=bool(brackets))
        at += 1
    return OpenEnds(None, brackets)


def _stays_fresh(text: str, at: int, *, fresh: bool, in_flow: bool) -> bool:
    letter = text[at]
    if letter in " \t":
        return fresh
    if letter == "\n":
        return fresh or not in_flow
    before_blank = text[at + 1 : at + 2] in ("", " ", "\t", "\n")
    if letter == ":":
        return before_blank
    return (letter == "," and in_flow) or (letter in "-?" and fresh and before_blank)
